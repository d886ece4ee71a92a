//go:build !unix

package effect

import "os/exec"

// group does nothing where there are no process groups; Nix runs on none of these.
func group(*exec.Cmd) {}
