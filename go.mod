module eclipsa

go 1.26.0

require (
	github.com/andybalholm/brotli v1.2.8
	github.com/evanw/esbuild v0.28.2
	github.com/evanw/esbuild/esbuildast v0.0.0
	github.com/fsnotify/fsnotify v1.10.1
	github.com/gorilla/websocket v1.5.3
	github.com/tdewolff/minify/v2 v2.24.25
	github.com/tdewolff/parse/v2 v2.8.20
)

require (
	github.com/joho/godotenv v1.5.1
	github.com/tidwall/jsonc v0.3.3
	golang.org/x/sys v0.49.0
)

replace github.com/evanw/esbuild/esbuildast => ./transform/esbuildast
