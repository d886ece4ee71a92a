//go:build !linux

package value

func adviseHugePages([]byte) {}
