package main

// What operators ask for over HTTP.

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"changeover"
)

func handler(service *changeover.Service, metrics *metrics) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.handler())

	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		if streamID := r.FormValue("stream"); streamID != "" {
			status, ok := service.RuntimeStatus(streamID)
			if !ok {
				http.Error(w, "no such stream", http.StatusNotFound)
				return
			}
			writeJSON(w, status)
			return
		}
		all := make(map[string]changeover.RuntimeStatus)
		for _, streamID := range service.RegisteredStreams() {
			// It may have ended meanwhile.
			if status, ok := service.RuntimeStatus(streamID); ok {
				all[streamID] = status
			}
		}
		writeJSON(w, all)
	})

	mux.HandleFunc("POST /switch", func(w http.ResponseWriter, r *http.Request) {
		streamID, err := r.FormValue("stream"), error(nil)
		if input := r.FormValue("input"); input == "" {
			err = service.ClearOverride(streamID)
		} else if priority, notNumber := strconv.Atoi(input); notNumber != nil {
			http.Error(w, "input: want a number", http.StatusBadRequest)
			return
		} else {
			err = service.SwitchInput(streamID, priority)
		}
		switch {
		case err == nil:
			w.WriteHeader(http.StatusNoContent)
		case errors.Is(err, changeover.ErrUnknownStream), errors.Is(err, changeover.ErrUnknownInput),
			errors.Is(err, changeover.ErrStreamID):
			http.Error(w, err.Error(), http.StatusNotFound)
		case errors.Is(err, changeover.ErrInputDegraded):
			http.Error(w, err.Error(), http.StatusConflict)
		default:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	// The client may be gone: nobody to tell.
	_ = encoder.Encode(value)
}
