package connpool

import (
	"os"
	"testing"

	"github.com/slotpool/slotpool/internal/testkit"
)

func TestMain(m *testing.M) { os.Exit(testkit.Run(m)) }
