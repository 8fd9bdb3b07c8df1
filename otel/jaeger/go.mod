// Jaeger, as a program built from its Go module: `npm run stack` and `npm test` do that once a machine and keep it in the
// cache (about four minutes). v1.76.0 is the release that is also called v2.13.0; its cmd/jaeger is the v2 program. By hand:
//
//	cd otel/jaeger && go build -mod=mod github.com/jaegertracing/jaeger/cmd/jaeger
//
// A module of its own, because `go install …@v1.76.0` refuses a module with a replace line. Jaeger's own replace is
// repeated here: Go follows those of the main module alone.
//
// go.sum is Jaeger v1.76.0's own, taken from the module, and two lines for Jaeger itself. It is here because the checksum
// database no longer knows some of the versions that Jaeger pins; what it lists is verified against it, all else against
// the database. `tools.go` keeps `go mod tidy` from finding that nobody imports Jaeger.
module rankscope/otel/jaeger

go 1.24.6

require github.com/jaegertracing/jaeger v1.76.0

replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0
