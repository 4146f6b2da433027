package build

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// assets are the images, fonts and other files that code and style sheets name by URL. Both sides
// get a URL from here, so server and client agree; only dist/client holds the files.
type assets struct {
	base string

	mu    sync.Mutex // protects both maps
	urls  map[string]string
	files map[string][]byte // "assets/logo-ABC.svg" → contents
}

func newAssets(base string) *assets {
	return &assets{base: base, urls: map[string]string{}, files: map[string][]byte{}}
}

// assetFiles are Vite's defaults: importing one gives its URL.
const assetFiles = `(?i)\.(apng|bmp|png|jpe?g|jfif|pjpeg|pjp|gif|svg|ico|webp|avif|mp4|webm|ogg|mp3|wav|flac|aac|opus|mov|m4a|vtt|woff2?|eot|ttf|otf|webmanifest|pdf)$`

const assetReference = `(?i)\.(apng|bmp|png|jpe?g|jfif|pjpeg|pjp|gif|svg|ico|webp|avif|mp4|webm|ogg|mp3|wav|flac|aac|opus|mov|m4a|vtt|woff2?|eot|ttf|otf|webmanifest|pdf)([?#].*)?$`

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// url is where the file will be served.
func (a *assets) url(path string) (string, error) {
	a.mu.Lock()
	known, ok := a.urls[path]
	a.mu.Unlock()
	if ok {
		return known, nil
	}
	contents, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	contents = minified(path, contents)
	sum := sha256.Sum256(contents)
	base := filepath.Base(path)
	ext := filepath.Ext(base)
	name := "assets/" + safeName(strings.TrimSuffix(base, ext)) + "-" + base32.StdEncoding.EncodeToString(sum[:5]) + unsafeInName.ReplaceAllString(ext, "_")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files[name] = contents
	a.urls[path] = a.base + name
	return a.urls[path], nil
}

// all are the assets so far.
func (a *assets) all() map[string][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.files)
}

// safeName keeps a file's name readable in a URL and harmless in a path.
func safeName(name string) string {
	return strings.TrimLeft(unsafeInName.ReplaceAllString(name, "_"), ".")
}

func (b *builder) registerAssets(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: assetReference}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if isSkip(args) {
			return api.OnResolveResult{}, nil
		}
		return b.resolveAsset(build, args)
	})
	build.OnResolve(api.OnResolveOptions{Filter: `\?(raw|url)$`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		path, query, _ := strings.Cut(args.Path, "?")
		found := build.Resolve(path, api.ResolveOptions{ResolveDir: args.ResolveDir, Importer: args.Importer, Kind: args.Kind, PluginData: skip{}})
		if len(found.Errors) > 0 {
			return api.OnResolveResult{Errors: found.Errors}, nil
		}
		return api.OnResolveResult{Path: found.Path, Namespace: query, WatchFiles: []string{found.Path}}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: rawNS}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		contents, err := readText(args.Path)
		return api.OnLoadResult{Contents: &contents, Loader: api.LoaderText}, err
	})
	exportURL := func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		url, err := b.assets.url(args.Path)
		code := "export default " + text(url)
		return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, err
	}
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: urlNS}, exportURL)
	build.OnLoad(api.OnLoadOptions{Filter: assetFiles, Namespace: "file"}, exportURL)
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: publicNS}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		code := "export default " + text(strings.TrimSuffix(b.app.Settings.Base, "/")+args.Path)
		return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
	})
}

// resolveAsset handles what esbuild's own resolution doesn't: url() in style sheets, which becomes
// the final URL at once, and paths from the root, which mean public/.
func (b *builder) resolveAsset(build api.PluginBuild, args api.OnResolveArgs) (api.OnResolveResult, error) {
	inCSS := args.Kind == api.ResolveCSSURLToken
	path, suffix := args.Path, ""
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path, suffix = path[:i], path[i:]
	}
	if strings.Contains(path, "://") || strings.HasPrefix(path, "data:") || strings.HasPrefix(path, "//") {
		return api.OnResolveResult{}, nil
	}
	if strings.HasPrefix(path, "/") && (inCSS || exists(filepath.Join(b.app.Root, "public", filepath.FromSlash(path)))) {
		if inCSS {
			return api.OnResolveResult{Path: strings.TrimSuffix(b.app.Settings.Base, "/") + args.Path, External: true}, nil
		}
		return api.OnResolveResult{Path: path, Namespace: publicNS}, nil
	}
	if !inCSS {
		return api.OnResolveResult{}, nil
	}
	found := build.Resolve(path, api.ResolveOptions{ResolveDir: args.ResolveDir, Importer: args.Importer, Kind: args.Kind, PluginData: skip{}})
	if len(found.Errors) > 0 || found.External {
		return api.OnResolveResult{Errors: found.Errors, Path: found.Path, External: found.External}, nil
	}
	url, err := b.assets.url(found.Path)
	return api.OnResolveResult{Path: url + suffix, External: true}, err
}

func readText(path string) (string, error) {
	contents, err := os.ReadFile(path)
	return strings.TrimPrefix(string(contents), "\uFEFF"), err
}

func base64Text(contents []byte) string { return base64.StdEncoding.EncodeToString(contents) }
