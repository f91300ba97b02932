package main

// Metrics for Prometheus: states are read when they are asked for, decisions are counted as they come.

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"changeover"
)

type metrics struct {
	registry *prometheus.Registry
	events   *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "changeover_events_total",
			Help: "Decisions, by kind and reason.",
		}, []string{"stream", "kind", "reason"}),
	}
	m.registry.MustRegister(m.events)
	return m
}

// count counts a decision.
func (m *metrics) count(event changeover.Event) {
	m.events.WithLabelValues(event.Stream, event.Kind.String(), string(event.Reason)).Inc()
}

// watch exports the states of a service's streams.
func (m *metrics) watch(service *changeover.Service) {
	m.registry.MustRegister(states{service})
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// states collects what a status says.
type states struct {
	service *changeover.Service
}

var (
	stream = []string{"stream"}
	input  = []string{"stream", "input"}

	activeInput = prometheus.NewDesc("changeover_active_input", "Priority of the input on air; -1: none.", stream, nil)
	exhausted   = prometheus.NewDesc("changeover_exhausted", "1: no usable input is left.", stream, nil)
	usable      = prometheus.NewDesc("changeover_input_usable", "0: the input is degraded.", input, nil)
	receiving   = prometheus.NewDesc("changeover_input_receiving", "1: packets come.", input, nil)
	bitrate     = prometheus.NewDesc("changeover_input_bitrate_kbps", "Bitrate in 1000 bits per second.", input, nil)
	packets     = prometheus.NewDesc("changeover_input_packets_total", "Packets recorded.", input, nil)
	octets      = prometheus.NewDesc("changeover_input_bytes_total", "Bytes recorded.", input, nil)
)

func (s states) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{activeInput, exhausted, usable, receiving, bitrate, packets, octets} {
		out <- desc
	}
}

func (s states) Collect(out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	counter := func(desc *prometheus.Desc, value uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	for _, id := range s.service.RegisteredStreams() {
		status, ok := s.service.RuntimeStatus(id)
		if !ok {
			continue
		}
		gauge(activeInput, float64(status.ActiveInputPriority), id)
		gauge(exhausted, oneIf(status.Exhausted), id)
		for _, in := range status.Inputs {
			priority := strconv.Itoa(in.InputPriority)
			gauge(usable, oneIf(in.Status != changeover.StatusDegraded), id, priority)
			gauge(receiving, oneIf(in.Receiving), id, priority)
			gauge(bitrate, in.BitrateKbps, id, priority)
			counter(packets, in.Packets, id, priority)
			counter(octets, in.Bytes, id, priority)
		}
	}
}

func oneIf(condition bool) float64 {
	if condition {
		return 1
	}
	return 0
}
