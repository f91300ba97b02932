package main

// What operators see over HTTP.

import (
	"net"
	"net/http"
	"os"
	"strings"

	"changeover"
)

// page is where it is served, and with which token.
type page struct {
	address, tokenFile string
}

// handler makes the page of a service that is served at an address.
func (p page) handler(service *changeover.Service, at net.Addr) (http.Handler, error) {
	options := changeover.SiteOptions{Metrics: changeover.MetricsOptions{Streams: true, Inputs: true}}
	if p.tokenFile != "" {
		token, err := os.ReadFile(p.tokenFile)
		if err != nil {
			return nil, err
		}
		options.Token = strings.TrimSpace(string(token))
	}
	tcp, ok := at.(*net.TCPAddr)
	options.ReadsNeedToken = !ok || !tcp.IP.IsLoopback()
	return service.Handler(&options)
}
