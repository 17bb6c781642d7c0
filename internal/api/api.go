package api

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// Config is what the API is built from.
type Config struct {
	Gateway  *gateway.Gateway
	Webhooks Webhooks
	// Version of the gateway, shown in the document.
	Version string
	// PublicURL is the address in the document and in problem types.
	PublicURL string
	// Rate bounds the requests per second of one merchant in one mode, with
	// bursts of as many as Burst; 0 sets no bound.
	Rate  float64
	Burst int
	Now   func() time.Time
	Log   *slog.Logger
}

// server is the API; it keeps no state that another node would miss.
type server struct {
	Config
	mux    *http.ServeMux
	api    huma.API
	limits *limits
	// scopes is what each route takes, by its pattern.
	scopes map[string]gateway.Scope
}

// New builds the handler of /v1/, /openapi.json, /openapi.yaml and /docs.
func New(c Config) http.Handler {
	s := newServer(c)
	mux := http.NewServeMux()
	mux.Handle("/v1/", s)
	s.mountDocument(mux)
	return mux
}

func newServer(c Config) *server {
	adoptProblems()
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	s := &server{Config: c, mux: http.NewServeMux(), limits: newLimits(c.Rate, c.Burst, c.Now), scopes: map[string]gateway.Scope{}}
	s.api = humago.New(s.mux, s.describe())
	for _, register := range []func(*server){
		registerPayments, registerPayouts, registerBatches, registerRefunds, registerLinks,
		registerLookup, registerOperators, registerBalances, registerLedger, registerFees,
		registerEvents, registerEndpoints, registerProviders, registerConnections, registerRoutes,
	} {
		register(s)
	}
	s.finishDocument()
	return s
}

// adoptProblems makes huma refuse in our shape and read field names exactly.
// Both are switches of the whole process; nothing else here uses huma.
var adoptProblems = sync.OnceFunc(func() {
	huma.NewError = refusedByHuma
	huma.ValidateStrictCasing = true
})

// read gives the queries on committed rows.
func (s *server) read() *sqlgen.Queries { return s.Gateway.Store.Read() }
