package changeover

// The shadow: what would be decided under other settings, beside the service.

// #include <changeover.h>
import "C"

// Shadow decides from now on beside the service what it would decide under other settings: of a stream, or with an
// empty id of all, and in place of what their inputs set themselves. It sees the same events, and nothing is
// done of what it decides; where the service decides otherwise, an [EventShadowDiffers] tells, 70 seconds later.
// [Service.Metrics] has what it would have cost. A shadow that there is ends. What is zero in settings stays as it is.
//
// A thread of the engine's does what changeover replay --set does with a trace. If it is too slow, it begins anew, and
// an [EventShadowGap] tells. Streams that do not take these settings are left out; the log says which.
func (s *Service) Shadow(streamID string, settings Config) error {
	var c C.changeover_config
	settings.toC(&c)
	id, idLen := chars(streamID)
	err := failure(C.changeover_shadow(s.engine, id, idLen, &c), "shadow", streamID)
	return explained(err, settings.about(err, ofStream))
}

// EndShadow ends the shadow, if there is one, and waits until what is left of it is told.
func (s *Service) EndShadow() error {
	return failure(C.changeover_end_shadow(s.engine), "end the shadow", "")
}
