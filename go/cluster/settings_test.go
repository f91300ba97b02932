package cluster

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"changeover"
)

func TestEverySettingHasItsName(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, field := range fields {
		if !strings.Contains(string(text), "\n| `"+name+"` |") {
			t.Errorf("docs/reference.md has no setting %s (%s)", name, field)
		}
		value := map[reflect.Kind]string{reflect.Int64: "1500ms", reflect.Int: "7"}
		kind, _ := reflect.TypeFor[changeover.Config]().FieldByName(field)
		texts := []string{value[kind.Type.Kind()]}
		if meanings, ofWords := words[kind.Type]; ofWords {
			texts = nil
			for word := range meanings {
				texts = append(texts, word)
			}
		}
		for _, text := range texts {
			config, err := settings(map[string]string{name: text})
			if err != nil || config == (changeover.Config{}) {
				t.Errorf("%s=%s: %v, %+v", name, text, err, config)
			}
		}
	}
}

func TestSettingsAsTexts(t *testing.T) {
	config, err := settings(map[string]string{
		"packet_timeout": "500ms", "switch_cooldown": "none", "failback_stable": "0s", "standby": "hot",
		"min_fps_of_baseline": "50", "max_loss": "none", "commit": "at_once",
	})
	want := changeover.Config{
		PacketTimeout: 500 * time.Millisecond, SwitchCooldown: changeover.NoWait, FailbackStable: changeover.NoWait,
		Standby: changeover.StandbyHot, MinFPSOfBaseline: 50, MaxLoss: changeover.NoLimit,
		Commit: changeover.CommitAtOnce,
	}
	if err != nil || config != want {
		t.Errorf("%+v, %v", config, err)
	}
	for name, text := range map[string]string{
		"packet_timeuot": "1s", "packet_timeout": "5", "standby": "warm", "max_loss": "-1", "min_fps": "many",
		"failback_stable": "-1s",
	} {
		if _, err := settings(map[string]string{name: text}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, text, err)
		}
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for what, options := range map[string]Options{
		"no name":           {},
		"a name with slash": {ID: "a/b"},
		"a guard of all":    {ID: "a", LeaseTTL: 3 * time.Second, Guard: 2 * time.Second},
		"a negative time":   {ID: "a", MoveEvery: -1},
		"a negative number": {ID: "a", Capacity: -1},
	} {
		if _, err := options.withDefaults(); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
