//go:build race

package faulttest

// raceEnabled: every process is many times slower.
const raceEnabled = true
