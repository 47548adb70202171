package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/api"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/console"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/signin"
	"github.com/sallyport-iam/sallyport/store"
	"github.com/sallyport-iam/sallyport/sts"
	"github.com/spf13/cobra"
)

// auditAttempts bridge about five minutes without the database, 5 seconds apart; beyond the queue's bounds records of
// reads are lost, and counted.
const auditAttempts = 64

// followInterval bounds how old a cached decision can be after a change made by another process, if nothing announces it.
const followInterval = 500 * time.Millisecond

// shortestGrace is above the age that what is in memory has at times while the database answers.
const shortestGrace = 3 * time.Second

type serveOptions struct {
	installation
	listen       string
	cacheSize    int // MiB
	accountID    string
	externalURL  string
	rootEmail    string
	rootPassword string
	retention    time.Duration
	grace        time.Duration
	logFormat    string
	storeBatch   int

	trustedProxies   []string
	fidoMetadata     string
	userVerification string
	allowClonedKeys  bool
}

func serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: `Run the service: the AWS wire on POST /, the console at /, and /healthz, /readyz and /metrics.

The first start makes an account and its root user from SALLYPORT_ROOT_EMAIL and SALLYPORT_ROOT_PASSWORD (else
root@localhost and a password that is printed once), and writes DATA/credentials, an AWS shared credentials file
with the profile "root". Later starts change nothing of that.

Several servers, each with a data directory of its own, can share one PostgreSQL database: give all of them the
same --database and a copy of the keyset.json that the first one has made, in DATA or with --keyset.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.rootEmail, o.rootPassword = os.Getenv("SALLYPORT_ROOT_EMAIL"), os.Getenv("SALLYPORT_ROOT_PASSWORD")
			return serve(cmd.Context(), &o, cmd.OutOrStdout())
		},
	}
	o.installation.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:7450", "address to listen on")
	flags.StringVar(&o.accountID, "account-id", "", "id of the account made at the first start, 12 digits (default random)")
	flags.StringVar(&o.externalURL, "external-url", "", "URL under which browsers reach the service; security keys are bound to its host (default http://localhost and the port of --listen)")
	flags.StringSliceVar(&o.trustedProxies, "trusted-proxy", nil, "addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed")
	flags.StringVar(&o.fidoMetadata, "fido-metadata", "", "file with the FIDO Metadata Service's BLOB, to know the certifications of security keys")
	flags.StringVar(&o.userVerification, "fido-user-verification", "preferred", "whether security keys must verify their user by PIN or biometrics: required, preferred or discouraged")
	flags.BoolVar(&o.allowClonedKeys, "fido-allow-cloned-keys", false, "accept a security key whose counter went back, which may be a clone; it is logged")
	flags.DurationVar(&o.retention, "audit-retention", 0, "remove audit records older than this, such as 2160h; 0 keeps all")
	flags.IntVar(&o.cacheSize, "cache-size", iam.DirectoryBytes>>20, "memory for credentials and principals, in MiB; one with its policies takes about 3 KiB")
	flags.DurationVar(&o.grace, "offline-grace", 5*time.Minute, "how long known principals are authorised from memory while the database is away")
	flags.StringVar(&o.logFormat, "log-format", "text", "format of the log: text or json")
	flags.IntVar(&o.storeBatch, "store-batch", 0, "changes that may share a commit; 1 turns sharing off (for the benchmark)")
	flags.MarkHidden("store-batch")
	return cmd
}

func serve(ctx context.Context, o *serveOptions, out io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	log, err := newLogger(o.logFormat, os.Stderr)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	tuneCollector(o.cacheSize)
	held, err := o.lock()
	if err != nil {
		return err
	}
	defer held.Close()
	at, err := o.create(ctx, store.Options{BatchLimit: o.storeBatch})
	if err != nil {
		return err
	}
	defer at.store.Close()

	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if o.externalURL == "" {
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		o.externalURL = "http://localhost:" + port
	}

	self, err := o.claimNode(ctx, at, log)
	if err != nil {
		return err
	}
	defer self.release(context.WithoutCancel(ctx))
	first, err := o.firstStart(ctx, at)
	if err != nil {
		return err
	}

	metrics := newMetrics(at)
	records := audit.NewQueue(audit.QueueConfig[iam.AuditEntry]{
		Write: at.store.AppendReads,
		Lost: func(n int, err error) {
			metrics.auditLost.Add(float64(n))
			log.Error("audit records of reads were lost", "records", n, "error", err)
		},
		Size:     func(e iam.AuditEntry) int { return len(e.Record) },
		Capacity: auditQueue,
		Attempts: auditAttempts,
	})
	uses := iam.NewKeyUses(at.store)

	service := at.service(log)
	service.Directory = iam.NewDirectory(at.store, o.cacheSize<<20)
	service.Directory.Grace = o.grace
	_, embedded := o.embedded()
	if !embedded {
		service.ClockFault = func() error { return clockFault(at.store.Health()) }
	}
	ready := &readiness{store: at.store, directory: service.Directory, embedded: embedded, waiting: records.Len}
	ready.otherKeys = &self.otherKeys
	self.state = func(ctx context.Context) nodeState {
		all := ready.checks(ctx)
		ready.say(all, log)
		return nodeState{Problems: problems(all), Directory: cacheOf(service.Directory), Keys: at.keyset.Version()}
	}
	metrics.watch(at.store, service.Directory, records.Len)
	if service.Keys, err = o.relyingParty(log); err != nil {
		return err
	}
	service.Reads = func(e iam.AuditEntry) { records.Add(e) }
	service.Verified = metrics.verified
	tokens := &sts.Service{Directory: service.Directory, Keys: at.keyset, Now: time.Now}
	service.Encode = tokens.EncodeMessage

	wire := &api.Handler{
		IAM:        service,
		Signatures: api.Signatures(service.Directory, tokens, time.Now, uses.Add),
		Metrics:    api.NewMetrics(metrics.registry),
		Log:        log,
		Now:        time.Now,
	}
	wire.Serve(service.Operations(), tokens.Operations())

	signIn := &signin.Service{IAM: service, Log: log, Counted: metrics.signIn}
	cookies := signin.Cookies{Secure: strings.HasPrefix(o.externalURL, "https://")}
	wire.Sessions = signIn.Authenticator(cookies)
	pages, err := console.New(console.Config{
		IAM: service, SignIn: signIn, Cookies: cookies, ExternalURL: o.externalURL, Log: log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	trusted, err := parseProxies(o.trustedProxies)
	if err != nil {
		return err
	}

	sealer := &audit.Sealer{Node: at.node, Log: at.store.AuditLog(), Sign: at.keyset.Sign, Now: time.Now, Logger: log}

	// What runs beside the requests stops after them, so that the last request's record is chained and signed.
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 2)
	var running sync.WaitGroup
	running.Go(func() { service.Directory.Follow(background, followInterval, at.store.Changes(), log) })
	running.Go(func() {
		if err := self.run(background); err != nil {
			failed <- err
		}
	})
	running.Go(func() { uses.Run(background, 5*time.Second, log) })
	running.Go(func() {
		if err := sealer.Run(background); err != nil {
			log.Error("the audit chain was not closed; it goes on at the next start", "error", err)
		}
	})
	running.Go(func() { signIn.Run(background, time.Minute) })
	running.Go(func() { reloadKeys(background, at, ready, log) })
	if o.retention > 0 {
		running.Go(func() { prune(background, at, o.retention, log) })
	}

	server := &http.Server{
		Handler:           trusted.handler(routes(wire, pages, ready, metrics)),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() { failed <- server.Serve(listener) }()
	first.greet(out, listener.Addr().String(), o)
	log.Info("ready", "listen", listener.Addr().String(), "version", version(), "node", at.node)

	select {
	case err = <-failed:
		log.Error("stopping", "error", err)
	case <-ctx.Done():
		log.Info("stopping: no new requests, those under way are finished")
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	err = errors.Join(err, server.Shutdown(drain))
	cancel()
	drain, cancel = context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(err, records.Close(drain))
	stopBackground()
	running.Wait()
	return err
}

// routes gives the wire, the console and the operators' pages their places on the one port.
func routes(wire *api.Handler, console http.Handler, ready *readiness, metrics *metrics) http.Handler {
	pages := http.NewServeMux()
	pages.Handle("/", console)
	pages.Handle("GET /metrics", metrics.handler())
	pages.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	pages.Handle("GET /readyz", ready)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if api.IsWire(r) {
			wire.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// relyingParty is the server as security keys know it.
func (o *serveOptions) relyingParty(log *slog.Logger) (*mfa.RelyingParty, error) {
	config := mfa.RelyingPartyConfig{
		ExternalURL: o.externalURL, Name: "Sallyport", UserVerification: o.userVerification, AllowClones: o.allowClonedKeys,
	}
	if o.fidoMetadata != "" {
		blob, err := os.ReadFile(o.fidoMetadata)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		if config.Metadata, err = mfa.ReadMetadata(blob, now); err != nil {
			return nil, fmt.Errorf("--fido-metadata %s: %w", o.fidoMetadata, err)
		}
		log.Info("FIDO metadata read", "number", config.Metadata.Number(), "nextUpdate", config.Metadata.NextUpdate())
		if config.Metadata.Overdue(now) {
			log.Warn("the FIDO metadata is out of date: weaknesses found since are not known; download it anew",
				"file", o.fidoMetadata, "nextUpdate", config.Metadata.NextUpdate())
		}
	}
	return mfa.NewRelyingParty(config)
}

// reloadKeys takes up a keyset that "sallyport keys rotate" has rotated.
func reloadKeys(ctx context.Context, at *opened, ready *readiness, log *slog.Logger) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := at.keyset.Reload()
		ready.staleKeys.Store(err != nil)
		if err != nil {
			log.Error("the keyset could not be read again; the keys in memory stay in use", "error", err)
		}
	}
}

func prune(ctx context.Context, at *opened, retention time.Duration, log *slog.Logger) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		names, err := at.store.GoneNodes(ctx) // nobody else removes theirs
		if err != nil && ctx.Err() == nil {
			log.Error("nodes that are gone could not be found", "error", err)
		}
		for _, name := range append(names, at.node) {
			removed, err := at.store.PruneAudit(ctx, name, time.Now().Add(-retention))
			switch {
			case err != nil && ctx.Err() == nil:
				log.Error("old audit records could not be removed", "node", name, "error", err)
			case removed > 0:
				log.Info("old audit records removed", "node", name, "records", removed, "retention", retention)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tuneCollector lets garbage pile up higher than Go does by default: what lives in memory is a few megabytes and
// bounded, so collecting less often costs little memory and saves a fifth of the processor under load. The limit,
// a soft one, 256 MiB and twice what the directory may keep, brings the collector back where memory does grow. GOGC and GOMEMLIMIT in the environment win.
func tuneCollector(cacheMiB int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(256+2*cacheMiB) << 20)
	}
}

// check refuses settings that could only mean a slip.
func (o *serveOptions) check() error {
	if o.retention < 0 {
		return fmt.Errorf("--audit-retention %v is negative; 0 keeps all records", o.retention)
	}
	if o.cacheSize < 8 || o.cacheSize > 1<<20 {
		return fmt.Errorf("--cache-size %d is not a number of MiB from 8 to 1048576", o.cacheSize)
	}
	if o.accountID != "" && !iam.IsAccountID(o.accountID) {
		return fmt.Errorf("--account-id %q: must be 12 digits", o.accountID)
	}
	if o.grace < shortestGrace {
		return fmt.Errorf("--offline-grace %v is shorter than %v: a database that is slow for a moment would be taken for one that is away", o.grace, shortestGrace)
	}
	o.externalURL = strings.TrimSuffix(o.externalURL, "/")
	if u, err := url.Parse(o.externalURL); o.externalURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" ||
		u.Host == "" || o.externalURL != u.Scheme+"://"+u.Host) {
		return fmt.Errorf("--external-url %q is not of the form https://HOST", o.externalURL)
	}
	_, err := parseProxies(o.trustedProxies)
	return err
}

func newLogger(format string, w io.Writer) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	}
	return nil, fmt.Errorf("--log-format is text or json, not %q", format)
}

// version is the module's version, or the revision it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(len(s.Value), 12)]
		}
	}
	return "devel"
}
