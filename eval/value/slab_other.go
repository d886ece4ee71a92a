//go:build !linux

package value

func handOut(b []byte, _ bool) int { return len(b) }
