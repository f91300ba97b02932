// A service with a page: go run ./examples/page, then http://127.0.0.1:9180
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"changeover"
)

// sources is the server's side: the quick start has one that does something.
type sources struct{}

func (sources) Start(context.Context, string, changeover.InputConfig, string) error { return nil }
func (sources) Probe(context.Context, changeover.InputConfig) error                 { return nil }
func (sources) Stop(string)                                                         {}

func main() {
	service, err := changeover.New(sources{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer service.Close()
	page, err := service.Handler(&changeover.SiteOptions{Token: os.Getenv("PAGE_TOKEN")})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:9180", page))
}
