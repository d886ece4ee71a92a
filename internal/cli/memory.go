package cli

import (
	"math"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memory is how many bytes this process may take: what its control group allows,
// else what the machine has; 0 when neither can be told. Finding out takes 0.1 ms.
var memory = sync.OnceValue(func() int64 {
	bytes, err := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)()
	if err != nil {
		return 0
	}
	return int64(min(bytes, math.MaxInt64))
})
