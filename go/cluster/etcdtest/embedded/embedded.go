// Package embedded runs an etcd of some members within the process, for tests and the demonstration.
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
)

// Cluster is an etcd. One goroutine at a time.
type Cluster struct {
	configs []*embed.Config
	// nil where a member does not run.
	members []*embed.Etcd
}

// Start starts an etcd of so many members, with etcd's own settings, that keeps its data in a directory.
func Start(directory string, members int) (*Cluster, error) {
	c := &Cluster{members: make([]*embed.Etcd, members)}
	var all []string
	for i := range members {
		client, err := freeURL()
		if err != nil {
			return nil, err
		}
		peer, err := freeURL()
		if err != nil {
			return nil, err
		}
		config := embed.NewConfig()
		config.Name, config.LogLevel = fmt.Sprintf("etcd-%d", i), "fatal"
		config.Dir = filepath.Join(directory, config.Name)
		config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
		config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
		all = append(all, config.Name+"="+peer.String())
		c.configs = append(c.configs, config)
	}
	for _, config := range c.configs {
		config.InitialCluster = strings.Join(all, ",")
	}
	return c, c.StartAll()
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

// Leader is the number of the member that leads; false: none does.
func (c *Cluster) Leader() (int, bool) {
	for i, member := range c.members {
		if member != nil && member.Server.Leader() == member.Server.MemberID() {
			return i, true
		}
	}
	return 0, false
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
	})
}
