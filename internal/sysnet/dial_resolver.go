package sysnet

import "net"

// WithResolver returns a copy of d that looks names up with resolver.
func (d *KeepAliveDialer) WithResolver(resolver *net.Resolver) *KeepAliveDialer {
	w := *d
	w.dialer.Resolver = resolver
	return &w
}
