package process

import "syscall"

// attributes put a program into a group of its own. Should nixplan be killed, NixOps
// is interrupted, which it takes by writing down what it did.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
}
