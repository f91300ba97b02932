// Package embedded runs an etcd of some members, for tests and the demonstration: within the process ([Start]), or
// each in a process of its own that can be killed ([StartProcesses]).
package embedded

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"changeover/cluster/store/etcd"
)

// Cluster is an etcd. One goroutine at a time.
type Cluster struct {
	configs []*embed.Config
	// nil where a member does not run.
	members []*embed.Etcd
}

// Start starts an etcd of so many members, with etcd's own settings, that keeps its data in a directory.
func Start(directory string, members int) (*Cluster, error) {
	settings, err := settingsOf(directory, members)
	if err != nil {
		return nil, err
	}
	c := &Cluster{members: make([]*embed.Etcd, members)}
	for _, one := range settings {
		config, err := one.config()
		if err != nil {
			return nil, err
		}
		c.configs = append(c.configs, config)
	}
	return c, c.StartAll()
}

// settings are what members differ in.
type settings struct {
	Name, Directory, Client, Peer string
	// All is the names and peers' addresses of all members.
	All string
	// Election is the election timeout; 0: etcd's own.
	Election time.Duration
}

func settingsOf(directory string, members int) ([]settings, error) {
	var all []settings
	var peers []string
	for i := range members {
		client, err := freeURL()
		if err != nil {
			return nil, err
		}
		peer, err := freeURL()
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("etcd-%d", i)
		all = append(all, settings{
			Name: name, Directory: filepath.Join(directory, name), Client: client.String(), Peer: peer.String(),
		})
		peers = append(peers, name+"="+peer.String())
	}
	for i := range all {
		all[i].All = strings.Join(peers, ",")
	}
	return all, nil
}

// config is what etcd takes.
func (s settings) config() (*embed.Config, error) {
	client, err := url.Parse(s.Client)
	if err != nil {
		return nil, err
	}
	peer, err := url.Parse(s.Peer)
	if err != nil {
		return nil, err
	}
	config := embed.NewConfig()
	config.Name, config.Dir, config.LogLevel = s.Name, s.Directory, "fatal"
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	config.InitialCluster = s.All
	if s.Election > 0 {
		config.ElectionMs, config.TickMs = uint(s.Election.Milliseconds()), uint(s.Election.Milliseconds()/10)
	}
	return config, nil
}

func freeURL() (url.URL, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return url.URL{}, err
	}
	defer listener.Close()
	return url.URL{Scheme: "http", Host: listener.Addr().String()}, nil
}

// StartAll starts all members that do not run, and waits until they do.
func (c *Cluster) StartAll() error {
	for i, config := range c.configs {
		if c.members[i] != nil {
			continue
		}
		member, err := embed.StartEtcd(config)
		if err != nil {
			return err
		}
		c.members[i] = member
	}
	for _, member := range c.members {
		select {
		case <-member.Server.ReadyNotify():
		case <-time.After(time.Minute):
			return errors.New("etcd does not start")
		}
	}
	return nil
}

// StopAll stops all members.
func (c *Cluster) StopAll() {
	for i := range c.members {
		c.Stop(i)
	}
}

// Stop stops a member.
func (c *Cluster) Stop(i int) {
	if c.members[i] != nil {
		c.members[i].Close()
		c.members[i] = nil
	}
}

// Endpoints are where clients reach the members.
func (c *Cluster) Endpoints() []string {
	var endpoints []string
	for _, config := range c.configs {
		endpoints = append(endpoints, config.AdvertiseClientUrls[0].String())
	}
	return endpoints
}

// Client is a client of some members, without a log.
func Client(endpoints ...string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints: endpoints, DialTimeout: 10 * time.Second, Logger: zap.NewNop(),
		DialOptions: etcd.DialOptions(),
	})
}
