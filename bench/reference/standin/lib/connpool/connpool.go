// Package connpool has the reference's surface, over slotpool; see resourcepool
// beside it.
package connpool

import (
	"github.com/slotpool/slotpool/connpool"
	"github.com/slotpool/slotpool/resourcepool"
)

type (
	Conn         = connpool.Conn
	ConnResource = connpool.ConnResource
	Dialer       = connpool.Dialer
)

func GetResourcePool() *resourcepool.Pool       { return connpool.GetResourcePool() }
func New(network, address string) *ConnResource { return connpool.New(network, address) }
