// Command nixplan shows what a Hercules CI agent would do with a repository.
package main

import (
	"os"

	"github.com/nixplan/nixplan/internal/cli"
)

func main() { os.Exit(cli.Main()) }
