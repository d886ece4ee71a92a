// Nothing here needs to know while it runs that the processors it may use have become
// more or fewer, and the goroutine that looks after it cost a twentieth of a start.
//
//go:debug updatemaxprocs=0

// Command nixplan shows what a Hercules CI agent would do with a repository.
package main

import (
	"os"

	"github.com/nixplan/nixplan/internal/cli"
)

func main() { os.Exit(cli.Main()) }
