package store

// Producer is the derivation, of those instantiated here, that would make an
// output path; nil when there is none. It looks through all of them, so it is
// for the path that could not be read.
func (s *Store) Producer(outPath string) *Derivation {
	for _, in := range s.drvs {
		for _, out := range in.drv.Outputs {
			if out.Path == outPath {
				return in.drv
			}
		}
	}
	return nil
}
