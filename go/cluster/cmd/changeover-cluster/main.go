// Command changeover-cluster shows and steers a cluster of changeover nodes by what is in etcd.
//
//	changeover-cluster status               the nodes, and who has which stream and why
//	changeover-cluster explain STREAM       where a stream is, where it should be, and why
//	changeover-cluster put FILE…            have streams be on air: one JSON value each; - is standard input
//	changeover-cluster delete STREAM…       take streams off the air
//	changeover-cluster drain NODE           have a node give its streams away, without a gap
//	changeover-cluster undrain NODE         have it take streams again
//	changeover-cluster move STREAM NODE     move a stream, without a gap, and keep it there
//	changeover-cluster unpin STREAM         have it be where placement says
//
// It speaks to etcd alone, and needs no node. Exit status: 0, 1 for an error, 2 for a call it does not know.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"changeover/cluster/operator"
	"changeover/cluster/store/etcd"
	"changeover/cluster/table"
)

// errUsage is a call that the command does not know.
var errUsage = errors.New("changeover-cluster [flags] status | explain STREAM | put FILE… | delete STREAM… | " +
	"drain NODE | undrain NODE | move STREAM NODE | unpin STREAM")

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "usage:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "changeover-cluster:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	endpoints, prefix, user string
	ca, certificate, key    string
	timeout                 time.Duration
	json                    bool
}

func run(arguments []string, in io.Reader, out, problems io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("changeover-cluster", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.StringVar(&s.endpoints, "endpoints", "127.0.0.1:2379", "etcd's addresses, with commas between")
	flags.StringVar(&s.prefix, "prefix", table.DefaultPrefix, "where the cluster is in etcd")
	flags.StringVar(&s.user, "user", "", "etcd's user; the password is in the environment's ETCD_PASSWORD")
	flags.StringVar(&s.ca, "cacert", "", "a file with the certificates of who signed etcd's: use TLS")
	flags.StringVar(&s.certificate, "cert", "", "a file with this client's certificate")
	flags.StringVar(&s.key, "key", "", "a file with its key")
	flags.DurationVar(&s.timeout, "timeout", 10*time.Second, "how long to wait for etcd")
	flags.BoolVar(&s.json, "json", false, "status and explain: print JSON")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	client, err := s.connect()
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	cluster := operator.New(etcd.New(client, 0), s.prefix)
	return carryOut(ctx, cluster, flags.Args(), s.json, in, out)
}

// connect makes a client. It does not wait for etcd: the call does.
func (s *settings) connect() (*clientv3.Client, error) {
	config := clientv3.Config{
		Endpoints: strings.Split(s.endpoints, ","), DialTimeout: s.timeout, Logger: zap.NewNop(),
		Username: s.user, Password: os.Getenv("ETCD_PASSWORD"),
	}
	if s.ca != "" || s.certificate != "" {
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if s.ca != "" {
		text, err := os.ReadFile(s.ca)
		if err != nil {
			return nil, err
		}
		config.TLS.RootCAs = x509.NewCertPool()
		if !config.TLS.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate in it", s.ca)
		}
	}
	if s.certificate != "" {
		pair, err := tls.LoadX509KeyPair(s.certificate, s.key)
		if err != nil {
			return nil, err
		}
		config.TLS.Certificates = []tls.Certificate{pair}
	}
	return clientv3.New(config)
}
