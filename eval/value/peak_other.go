//go:build !unix

package value

func peakMemory() int64 { return noPeak }
