package apitest

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Main runs a server as a process of its own, until it is told to stop; a test binary
// runs it under some name. It writes its address to --address-file when it is ready,
// and listens to, besides the API,
//
//	POST   /_/faults          a [Fault] as JSON, to add
//	DELETE /_/faults          forget all of them
//	GET    /_/requests        the requests until now, as lines METHOD PATH STATUS
//	GET    /_/state/NAME      a state's newest version
//	PUT    /_/state/NAME      store one
//	POST   /_/lock/NAME       hold a lock for somebody else; answers its lease's id
//	DELETE /_/lease/ID        end a lease
//
// "call ADDRESS-FILE METHOD PATH [BODY]" makes such a request and prints the answer.
func Main() int {
	if len(os.Args) >= 5 && os.Args[1] == "call" {
		return request(os.Args[2], os.Args[3], os.Args[4], strings.Join(os.Args[5:], ""))
	}
	flags := flag.NewFlagSet("apitest", flag.ContinueOnError)
	var o Options
	listen := flags.String("listen", "127.0.0.1:0", "`ADDRESS` to listen at")
	addressFile := flags.String("address-file", "", "`FILE` to write the URL to")
	flags.DurationVar(&o.LeaseFor, "lease", 0, "how long a lease lasts")
	if flags.Parse(os.Args[1:]) != nil {
		return 3
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "apitest:", err)
		return 1
	}
	s := newServer(o, listener)
	defer s.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	if *addressFile != "" {
		// It appears as a whole, so that whoever waits for it can read it.
		part := *addressFile + ".part"
		err := os.WriteFile(part, []byte(s.URL), 0o600)
		if err == nil {
			err = os.Rename(part, *addressFile)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "apitest:", err)
			return 1
		}
	}
	<-stop
	return 0
}

// request makes a request to a server whose address is in a file.
func request(addressFile, method, path, body string) int {
	address, err := os.ReadFile(addressFile)
	if err == nil {
		var req *http.Request
		if req, err = http.NewRequest(method, string(address)+path, strings.NewReader(body)); err == nil {
			var res *http.Response
			if res, err = http.DefaultClient.Do(req); err == nil {
				defer res.Body.Close()
				io.Copy(os.Stdout, res.Body)
				if res.StatusCode == http.StatusOK {
					return 0
				}
				err = fmt.Errorf("%s", res.Status)
			}
		}
	}
	fmt.Fprintln(os.Stderr, "apitest:", err)
	return 1
}

// control is how another process steers the server.
func (s *Server) control(mux *http.ServeMux) {
	mux.HandleFunc("POST /_/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.Fail(f)
	})
	mux.HandleFunc("DELETE /_/faults", func(http.ResponseWriter, *http.Request) { s.ClearFaults() })
	mux.HandleFunc("GET /_/requests", func(w http.ResponseWriter, _ *http.Request) {
		for _, r := range s.Requests() {
			fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("%s %s %d %s", r.Method, r.Path, r.Status, r.Fault)))
		}
	})
	mux.HandleFunc("GET /_/state/{name}", func(w http.ResponseWriter, r *http.Request) {
		data := s.State(r.PathValue("name"))
		if data == nil {
			http.Error(w, "no such state", http.StatusNotFound)
			return
		}
		w.Write(data)
	})
	mux.HandleFunc("PUT /_/state/{name}", func(_ http.ResponseWriter, r *http.Request) {
		if data, err := io.ReadAll(r.Body); err == nil {
			s.SetState(r.PathValue("name"), data)
		}
	})
	mux.HandleFunc("POST /_/lock/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, s.Hold(r.PathValue("name"), "somebody else", time.Hour))
	})
	mux.HandleFunc("DELETE /_/lease/{id}", func(_ http.ResponseWriter, r *http.Request) { s.End(r.PathValue("id")) })
}
