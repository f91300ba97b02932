package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// envMember has a process be a member: with these settings, as JSON.
const envMember = "CHANGEOVER_ETCD_MEMBER"

// BeMember runs a member and does not return, if this process was started to be one. Programs that use
// [StartProcesses] call it first.
func BeMember() {
	text := os.Getenv(envMember)
	if text == "" {
		return
	}
	err := beMember(text)
	fmt.Fprintln(os.Stderr, "etcd:", err)
	os.Exit(1)
}

func beMember(text string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	config, err := s.config()
	if err != nil {
		return err
	}
	member, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	// It ends with who started it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return <-member.Err()
}

// Processes is an etcd whose members are processes of their own: they can be killed, and run under another
// program. One goroutine at a time.
type Processes struct {
	settings []settings
	under    []string
	// nil where a member does not run.
	members []*member
}

type member struct {
	command *exec.Cmd
	stdin   io.Closer
}

// StartProcesses is [Start] with processes: this program, started by what under says, if anything. election is
// the members' election timeout, ten times their heartbeats' interval; 0: etcd's own.
func StartProcesses(directory string, members int, election time.Duration, under ...string) (*Processes, error) {
	all, err := settingsOf(directory, members)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Election = election
	}
	p := &Processes{settings: all, under: under, members: make([]*member, members)}
	return p, p.StartAll()
}

// StartAll starts all members that do not run, and waits until they have a leader.
func (p *Processes) StartAll() error {
	for i := range p.settings {
		if p.members[i] == nil {
			if err := p.start(i); err != nil {
				return err
			}
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		led := true
		for i := range p.settings {
			_, leads, err := p.status(i)
			led = led && err == nil && leads != 0
		}
		if led {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("etcd does not start")
		}
	}
}

func (p *Processes) start(i int) error {
	text, err := json.Marshal(p.settings[i])
	if err != nil {
		return err
	}
	words := append(slices.Clone(p.under), os.Args[0])
	command := exec.Command(words[0], words[1:]...)
	command.Env = append(os.Environ(), envMember+"="+string(text))
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	p.members[i] = &member{command, stdin}
	return nil
}

// status is who a member is, and who leads by its word; 0: nobody.
func (p *Processes) status(i int) (id, leader uint64, err error) {
	client, err := Client(p.settings[i].Client)
	if err != nil {
		return 0, 0, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	status, err := client.Status(ctx, p.settings[i].Client)
	if err != nil {
		return 0, 0, err
	}
	return status.Header.MemberId, status.Leader, nil
}

// Leader is the number of the member that leads; false: none does.
func (p *Processes) Leader() (int, bool) {
	for i := range p.settings {
		if id, leader, err := p.status(i); err == nil && id == leader {
			return i, true
		}
	}
	return 0, false
}

// Kill kills a member.
func (p *Processes) Kill(i int) {
	if m := p.members[i]; m != nil {
		_ = m.command.Process.Kill()
		// What runs under another program ends by this.
		_ = m.stdin.Close()
		_ = m.command.Wait()
		p.members[i] = nil
	}
}

// KillAll kills all members.
func (p *Processes) KillAll() {
	for i := range p.members {
		p.Kill(i)
	}
}

// Endpoints are where clients reach the members.
func (p *Processes) Endpoints() []string {
	var endpoints []string
	for _, one := range p.settings {
		endpoints = append(endpoints, one.Client)
	}
	return endpoints
}
