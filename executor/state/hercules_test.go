package state

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixplan/nixplan/hercules/api"
	"github.com/nixplan/nixplan/hercules/api/apitest"
)

// An upload arrives exactly once as far as that can be told, whatever happens to its
// answer.
func TestUploadFaults(t *testing.T) {
	const data = `^/api/v1/.*/data$`
	tests := []struct {
		fault apitest.Fault
		puts  int // requests that upload
	}{
		{apitest.Fault{Status: 408}, 2},
		{apitest.Fault{Status: 421}, 2},
		{apitest.Fault{Status: 429, Header: map[string]string{"Retry-After": "0"}}, 2},
		{apitest.Fault{Status: 500, Times: 3}, 4},
		{apitest.Fault{Status: 502}, 2},
		{apitest.Fault{Status: 503, Times: 2}, 3},
		{apitest.Fault{Status: 204}, 0}, // hci wants exactly 200
		{apitest.Fault{Reset: "before"}, 2},
		{apitest.Fault{Reset: "after"}, 2},
		{apitest.Fault{TearRequest: 100}, 2},
		// It arrived, and nobody said so.
		{apitest.Fault{Reset: "done"}, 1},
		{apitest.Fault{Tear: -1, Longer: 5}, 1},
		{apitest.Fault{Longer: 5}, 1},
		{apitest.Fault{HangAfter: true}, 1},
		{apitest.Fault{Hang: true}, 2},
	}
	for _, current := range []bool{false, true} {
		for _, test := range tests {
			f := test.fault
			f.Method, f.Path = http.MethodPut, data
			server := apitest.New(apitest.Options{})
			defer server.Close()
			token := apitest.UserToken
			if current {
				token = apitest.TaskToken
			}
			client, err := api.New(server.URL, api.NewToken(token, "the test"), api.Options{
				RetryFor: 20 * time.Second, FirstPause: time.Millisecond, MostPause: 5 * time.Millisecond, Idle: 400 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			store, _ := openHercules(client, neatRepo, current)
			server.SetState("web", []byte("before"))
			before, err := store.Get(t.Context(), "web")
			if err != nil {
				t.Fatal(err)
			}
			server.Fail(f)
			text := strings.Repeat("after", 10_000)
			_, err = store.Put(t.Context(), "web", []byte(text), &before.Version)
			if test.puts == 0 {
				if !api.IsStatus(err, f.Status) || string(server.State("web")) != "before" {
					t.Errorf("%+v: %v", f, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%+v: %v", f, err)
			}
			if versions := server.Versions("web"); len(versions) != 2 || string(versions[1]) != text {
				t.Errorf("%+v: %d versions", f, len(versions))
			}
			if n := len(server.Matching(http.MethodPut, "/data")); n != test.puts {
				t.Errorf("%+v: %d uploads, want %d", f, n, test.puts)
			}
		}
	}
}

// While an upload is tried again, somebody else's is not overwritten.
func TestUploadConflictWhileRetrying(t *testing.T) {
	server := apitest.New(apitest.Options{})
	stored := false
	server.Fail(apitest.Fault{Method: http.MethodPut, Status: 503})
	t.Cleanup(server.Close)
	client, err := api.New(server.URL, api.NewToken(apitest.UserToken, "the test"), api.Options{
		RetryFor: 10 * time.Second, FirstPause: time.Millisecond,
		OnRetry: func(api.Retry) {
			server.SetState("web", []byte("theirs"))
			stored = true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	store, _ := openHercules(client, neatRepo, false)
	_, err = store.Put(t.Context(), "web", []byte("mine"), nil)
	var conflict *ConflictError
	if !errors.As(err, &conflict) || !stored || len(server.Versions("web")) != 1 {
		t.Errorf("Put: %v", err)
	}
}

// The server may not say what the hash of a version is.
func TestUnknownHash(t *testing.T) {
	server := apitest.New(apitest.Options{})
	store, _ := openHercules(newClient(t, server, apitest.UserToken), neatRepo, false)
	server.SetStateUnknown("web", []byte("one"))
	file, err := store.Get(t.Context(), "web")
	if err != nil || string(file.Data) != "one" || file.Version.SHA256 != versionOf([]byte("one")).SHA256 {
		t.Fatalf("Get: %+v, %v", file, err)
	}
	if _, err := store.Put(t.Context(), "web", []byte("two"), &file.Version); err != nil {
		t.Error(err)
	}
	server.SetStateUnknown("web", []byte("three"))
	var conflict *ConflictError
	if _, err := store.Put(t.Context(), "web", []byte("four"), &file.Version); !errors.As(err, &conflict) {
		t.Errorf("Put: %v", err)
	}
	if list, err := store.Versions(t.Context(), "web"); err != nil || len(list) != 3 || list[0].SHA256 != "" || list[0].Size != -1 || list[1].Size != 3 {
		t.Errorf("Versions: %+v, %v", list, err)
	}
	if file, err := store.GetVersion(t.Context(), "web", 3); err != nil || string(file.Data) != "three" || file.Version.Size != 5 {
		t.Errorf("GetVersion: %+v, %v", file, err)
	}
}

// What a project's token is not for, and what is no project, is no new deployment.
func TestNoProject(t *testing.T) {
	server := apitest.New(apitest.Options{})
	client := newClient(t, server, apitest.UserToken)
	store, locker := openHercules(client, api.Project{Site: "github", Owner: "neat-org", Name: "other"}, false)
	var project *ProjectError
	if _, err := store.Get(t.Context(), "web"); !errors.As(err, &project) || isNotExist(err) {
		t.Errorf("Get: %v", err)
	}
	if _, err := locker.Acquire(t.Context(), "web", AcquireOptions{}); !errors.As(err, &project) {
		t.Errorf("Acquire: %v", err)
	}
	// An effect that does not know its project.
	task, err := api.New(server.URL, api.NewToken(apitest.TaskToken, "the test"), api.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, locker = openHercules(task, api.Project{}, true)
	if _, err := store.Put(t.Context(), "web", []byte("x"), nil); err != nil {
		t.Error(err)
	}
	if file, err := store.Get(t.Context(), "web"); err != nil || string(file.Data) != "x" {
		t.Errorf("Get: %v, %v", file, err)
	}
	for what, f := range map[string]func() error{
		"List":     func() error { _, err := store.List(t.Context()); return err },
		"Versions": func() error { _, err := store.Versions(t.Context(), "web"); return err },
		"Acquire":  func() error { _, err := locker.Acquire(t.Context(), "web", AcquireOptions{}); return err },
		"locks":    func() error { _, err := locker.List(t.Context()); return err },
	} {
		if err := f(); !errors.As(err, &project) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if argv := store.PutCommand("web", "f", nil); !slices.Contains(argv, "SITE/OWNER/NAME") {
		t.Errorf("PutCommand: %q", argv)
	}
}

// leaseServer has leases that last as long, and a locker with one.
func leaseServer(t *testing.T, lasts time.Duration, o apitest.Options) (*apitest.Server, *HerculesLocker, Lease) {
	t.Helper()
	o.LeaseFor = lasts
	server := apitest.New(o)
	_, locker := openHercules(newClient(t, server, apitest.UserToken), neatRepo, false)
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dieWithout(t, lease) })
	return server, locker.(*HerculesLocker), lease
}

func lost(lease Lease, within time.Duration) bool {
	select {
	case <-lease.Lost():
		return true
	case <-time.After(within):
		return false
	}
}

// A lease outlives its time because it is renewed, also when the server has hiccups.
func TestLeaseRenewed(t *testing.T) {
	t.Parallel()
	for what, o := range map[string]apitest.Options{
		"same clock": {}, "server ahead": {Skew: time.Hour}, "server behind": {Skew: -time.Hour},
	} {
		lasts := 1500 * time.Millisecond
		if o.Skew != 0 {
			lasts = 3 * time.Second // the header that shows the skew has seconds only
		}
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server, locker, lease := leaseServer(t, lasts, o)
			server.Fail(apitest.Fault{Path: "lock-leases", Status: 500})
			if lost(lease, lasts+lasts/2) {
				t.Error("the lease is lost")
			}
			var blocked *BlockedError
			if _, err := locker.Acquire(t.Context(), "web", AcquireOptions{}); !errors.As(err, &blocked) {
				t.Errorf("Acquire: %v", err)
			}
			if n := len(server.Matching(http.MethodPost, "lock-leases/"+lease.ID())); n < 3 || n > 30 {
				t.Errorf("%d renewals", n)
			}
			if err := lease.Release(t.Context()); err != nil {
				t.Error(err)
			}
			if left := server.Leases(); len(left) > 0 {
				t.Errorf("left: %+v", left)
			}
		})
	}
}

// A lease is lost when the server says so, and when it cannot be asked in time. The
// context of Acquire has nothing to do with it.
func TestLeaseLost(t *testing.T) {
	t.Parallel()
	t.Run("ended", func(t *testing.T) {
		t.Parallel()
		server, _, lease := leaseServer(t, time.Second, apitest.Options{})
		server.End(lease.ID())
		if !lost(lease, 20*time.Second) {
			t.Error("the lease is not lost")
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		const lasts = time.Second
		server, _, lease := leaseServer(t, lasts, apitest.Options{})
		start := time.Now()
		server.Fail(apitest.Fault{Path: "lock-leases", Hang: true, Times: -1})
		if lost(lease, lasts/3) {
			t.Error("the lease is lost too early")
		}
		if !lost(lease, 20*time.Second) {
			t.Errorf("the lease is not lost after %s", time.Since(start))
		}
	})
	t.Run("only 503", func(t *testing.T) {
		t.Parallel()
		server, _, lease := leaseServer(t, time.Second, apitest.Options{})
		server.Fail(apitest.Fault{Path: "lock-leases", Status: 503, Times: -1})
		if !lost(lease, 20*time.Second) {
			t.Error("the lease is not lost")
		}
	})
	t.Run("context of Acquire", func(t *testing.T) {
		t.Parallel()
		server := apitest.New(apitest.Options{LeaseFor: time.Second})
		_, locker := openHercules(newClient(t, server, apitest.UserToken), neatRepo, false)
		ctx, cancel := context.WithCancel(t.Context())
		lease, err := locker.Acquire(ctx, "web", AcquireOptions{})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if lost(lease, 1500*time.Millisecond) {
			t.Error("the lease is lost")
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// An answer that got lost does not leave a lease that blocks its own holder.
func TestAcquireAnswerLost(t *testing.T) {
	server := apitest.New(apitest.Options{})
	client := newClient(t, server, apitest.UserToken)
	_, locker := openHercules(client, neatRepo, false)
	server.Fail(apitest.Fault{Path: "/lock/web", Reset: "done"})
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if leases := server.Leases(); len(leases) != 1 || leases[0].ID != lease.ID() {
		t.Errorf("%+v", leases)
	}
	lease.Release(t.Context())
	// Nor does one that nobody waits for.
	server.Fail(apitest.Fault{Path: "/lock/web", HangAfter: true})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := locker.Acquire(ctx, "web", AcquireOptions{Wait: -1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Acquire: %v", err)
	}
	if leases := server.Leases(); len(leases) != 0 {
		t.Errorf("%+v", leases)
	}
}

// Within "hci lock run" its lease does not block; other people's do.
func TestParentLease(t *testing.T) {
	server := apitest.New(apitest.Options{})
	client := newClient(t, server, apitest.UserToken)
	parent := server.Hold("web", "hci lock run", time.Minute)
	locker := NewHerculesLocker(client, neatRepo, parent)
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release(t.Context())
	server.Hold("db", "somebody", time.Minute)
	var blocked *BlockedError
	if _, err := locker.Acquire(t.Context(), "db", AcquireOptions{}); !errors.As(err, &blocked) || blocked.Abandoned() {
		t.Errorf("Acquire: %v", err)
	}
}

// A lease that is released by hand has to be named, and is then lost for its holder.
func TestHerculesReleaseByHand(t *testing.T) {
	_, locker, lease := leaseServer(t, time.Second, apitest.Options{})
	if err := locker.Release(t.Context(), "web", "no uuid"); !errors.Is(err, ErrNoLease) {
		t.Errorf("Release: %v", err)
	}
	if err := locker.Release(t.Context(), "web", lease.ID()); err != nil {
		t.Error(err)
	}
	if !lost(lease, 20*time.Second) {
		t.Error("the lease is not lost")
	}
}
