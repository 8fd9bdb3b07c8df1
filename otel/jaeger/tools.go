//go:build tools

// Package jaeger holds nothing: see go.mod.
package jaeger

import _ "github.com/jaegertracing/jaeger/cmd/jaeger"
