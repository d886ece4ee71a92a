package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
)

// LockRequest asks for a lock.
type LockRequest struct {
	Description string
	Exclusive   bool
	// Parent is a lease that the caller has already, "" for none.
	Parent string
	// Key is a UUID, the same for every request of one attempt to get the lock, so
	// that a lease whose answer was lost is given once more instead of blocking.
	Key string
}

// Leased is a lease as it is given.
type Leased struct {
	ID string
	// Expires is when it ends unless it is renewed, by the server's clock. Lasts is
	// how long that is from Asked, a time of this machine before the server decided.
	Expires time.Time
	Asked   time.Time
	Lasts   time.Duration
}

// LeaseHolder is a lease that blocks.
type LeaseHolder struct {
	ID             string
	Since, Expires time.Time
	User, Job      string // for people, often empty
	Description    string
	Parent         string
	Exclusive      bool
}

// NewKey is a key for a [LockRequest].
func NewKey() string { return uuid.NewString() }

type leasedAnswer struct {
	LeaseID        string
	ExpirationTime time.Time
}

// leased makes a lease of an answer.
func (l leasedAnswer) leased(what string, a *answer) (*Leased, error) {
	if _, err := uuid.Parse(l.LeaseID); err != nil || l.ExpirationTime.IsZero() {
		return nil, fmt.Errorf("%s: the answer is not the JSON that it should be", what)
	}
	lasts := l.ExpirationTime.Sub(a.sent.Round(0))
	// Clocks that differ by no more than this may as well be one: the header has whole
	// seconds only.
	const negligible = 5 * time.Second
	if skew := time.Until(a.date); !a.date.IsZero() && skew.Abs() > negligible {
		lasts = l.ExpirationTime.Sub(a.date) - time.Second
	}
	return &Leased{l.LeaseID, l.ExpirationTime, a.sent, max(lasts, 0)}, nil
}

// AcquireLock asks for a lock once; it does not wait for others. Either there is a
// lease, or there are those who block.
func (c *Client) AcquireLock(ctx context.Context, p Project, name string, r LockRequest) (*Leased, []LeaseHolder, error) {
	at, err := segment(name)
	if err != nil {
		return nil, nil, err
	}
	what := fmt.Sprintf("lock %q", name)
	request := map[string]any{"description": r.Description, "exclusive": r.Exclusive, "parent": nil, "idempotencyKey": r.Key}
	if r.Parent != "" {
		request["parent"] = r.Parent
	}
	a, err := c.post(ctx, what, p.path()+"/lock/"+at, request)
	if err != nil {
		return nil, nil, err
	}
	var found struct {
		Tag      string
		Contents json.RawMessage
	}
	if err := decode(what, a.body, &found); err != nil {
		return nil, nil, err
	}
	switch found.Tag {
	case "Acquired":
		var l leasedAnswer
		if err := decode(what, found.Contents, &l); err != nil {
			return nil, nil, err
		}
		leased, err := l.leased(what, a)
		return leased, nil, err
	case "Blocked":
		holders, err := blockers(what, found.Contents)
		return nil, holders, err
	}
	return nil, nil, fmt.Errorf("%s: the answer is neither Acquired nor Blocked", what)
}

func blockers(what string, contents json.RawMessage) ([]LeaseHolder, error) {
	var found struct {
		BlockedByLeases []struct {
			ID                        string
			StartTime, ExpirationTime time.Time
			User, Job                 json.RawMessage
			Description, Parent       string
			Exclusive                 bool
		}
	}
	if err := decode(what, contents, &found); err != nil {
		return nil, err
	}
	holders := []LeaseHolder{}
	for _, b := range found.BlockedByLeases {
		holders = append(holders, LeaseHolder{
			b.ID, b.StartTime, b.ExpirationTime, label(b.User), label(b.Job), b.Description, b.Parent, b.Exclusive,
		})
	}
	return holders, nil
}

// RenewLease makes a lease last longer. A *StatusError that is not temporary says
// that it is lost.
func (c *Client) RenewLease(ctx context.Context, id, description string) (*Leased, error) {
	what := "renew the lease " + id
	request := map[string]any{"description": nil}
	if description != "" {
		request["description"] = description
	}
	a, err := c.post(ctx, what, "/api/v1/lock-leases/"+url.PathEscape(id), request)
	if err != nil {
		return nil, err
	}
	var l leasedAnswer
	if err := decode(what, a.body, &l); err != nil {
		return nil, err
	}
	return l.leased(what, a)
}

// ReleaseLease ends a lease. A *StatusError with 404 says that there is none.
func (c *Client) ReleaseLease(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{
		what: "release the lease " + id, method: http.MethodDelete, path: "/api/v1/lock-leases/" + url.PathEscape(id),
		accept: jsonType, most: mostJSON,
	})
	return err
}

func (c *Client) post(ctx context.Context, what, path string, request any) (*answer, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, call{what: what, method: http.MethodPost, path: path, body: body, typ: jsonType, accept: jsonType, most: mostJSON})
}
