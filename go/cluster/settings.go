package cluster

// The engine's settings by their names, as docs/reference.md has them, and values as text.

import (
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unicode"

	"changeover"
)

// words are the values of settings that are neither times nor numbers.
var words = map[reflect.Type]map[string]int{
	reflect.TypeFor[changeover.Failback](): {
		"auto": int(changeover.FailbackAuto), "manual": int(changeover.FailbackManual)},
	reflect.TypeFor[changeover.Standby](): {
		"cold": int(changeover.StandbyCold), "hot": int(changeover.StandbyHot)},
	reflect.TypeFor[changeover.Overlap](): {
		"on": int(changeover.OverlapOn), "off": int(changeover.OverlapOff)},
	reflect.TypeFor[changeover.Source](): {
		"pulled": int(changeover.SourcePulled), "pushed": int(changeover.SourcePushed)},
	reflect.TypeFor[changeover.Role](): {
		"source": int(changeover.RoleSource), "fill": int(changeover.RoleFill)},
	reflect.TypeFor[changeover.Commit](): {
		"key_frame": int(changeover.CommitKeyFrame), "at_once": int(changeover.CommitAtOnce)},
	reflect.TypeFor[changeover.Silence](): {
		"fixed": int(changeover.SilenceFixed), "adaptive": int(changeover.SilenceAdaptive)},
}

// fields are the names of changeover.Config's fields, by the settings' names.
var fields = func() map[string]string {
	named, config := map[string]string{}, reflect.TypeFor[changeover.Config]()
	for i := range config.NumField() {
		named[settingName(config.Field(i).Name)] = config.Field(i).Name
	}
	return named
}()

// settingName makes min_fps_of_baseline of MinFPSOfBaseline.
func settingName(field string) string {
	var name []rune
	letters := []rune(field)
	for i, letter := range letters {
		begins := i > 0 && unicode.IsUpper(letter) &&
			(unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			name = append(name, '_')
		}
		name = append(name, unicode.ToLower(letter))
	}
	return string(name)
}

// settings makes the engine's settings of texts.
func settings(texts map[string]string) (changeover.Config, error) {
	var config changeover.Config
	for name, text := range texts {
		field, known := fields[name]
		if !known {
			return config, fmt.Errorf("there is no setting %q", name)
		}
		if err := set(reflect.ValueOf(&config).Elem().FieldByName(field), text); err != nil {
			return config, fmt.Errorf("%s: %w", name, err)
		}
	}
	return config, nil
}

// set sets one field. Nothing is said by "none", or 0.
func set(field reflect.Value, text string) error {
	if meanings, ofWords := words[field.Type()]; ofWords {
		value, known := meanings[text]
		if !known {
			return fmt.Errorf("%q is none of its values", text)
		}
		field.SetInt(int64(value))
		return nil
	}
	if field.Type() == reflect.TypeFor[time.Duration]() {
		if text == "none" {
			text = "0"
		}
		value, err := time.ParseDuration(text)
		if err != nil || value < 0 {
			return fmt.Errorf("%q is no duration, such as 500ms", text)
		}
		if value == 0 {
			value = changeover.NoWait
		}
		field.SetInt(int64(value))
		return nil
	}
	if text == "none" {
		text = "0"
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 {
		return fmt.Errorf("%q is no number of 0 or more", text)
	}
	if value == 0 {
		value = changeover.NoLimit
	}
	field.SetInt(int64(value))
	return nil
}
