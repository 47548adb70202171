// Package deploy has what it takes to run several nodes of Sallyport: settings for the programs around it, to be
// copied and fitted.
//
//	patroni.yml             PostgreSQL that is replicated and forgets nothing it has acknowledged
//	haproxy.cfg             a proxy that knows which nodes can do what
//	sallyport.service       a systemd unit
//	Dockerfile, compose.yaml  three nodes, a PostgreSQL and the proxy in containers
//	grafana-dashboard.json  what /metrics says, as pictures
//
// The first two are run as they are by the program in cluster/, `make cluster`: everything on one machine, to try
// out what happens when parts of it die. docs/operations.md tells how to run it for real.
package deploy

import _ "embed"

// Patroni is patroni.yml. The variables of its environment win over what it says.
//
//go:embed patroni.yml
var Patroni string

// HAProxy is haproxy.cfg. It takes the addresses from SALLYPORT_BIND and SALLYPORT_NODE1 to 3 if they are set.
//
//go:embed haproxy.cfg
var HAProxy string
