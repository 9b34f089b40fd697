// The front door: which part of the server a path belongs to, and nothing else.

import { isGalleryPath } from './gallery/handler.ts'
import type { HttpHandler, HttpResponse } from './message.ts'

export interface FrontDoorOptions {
  /** The AWS APIs, which live at `/`; they also answer for every path that nobody owns. */
  readonly api: HttpHandler
  readonly distribution: HttpHandler
  readonly layerUrls: HttpHandler
  readonly healthz: HttpHandler
  readonly readyz: HttpHandler
  readonly metrics: HttpHandler
}

/** Hands each request on by its path, which is neither decoded nor normalised. */
export function createFrontDoor(parts: FrontDoorOptions): HttpHandler {
  return (request) => {
    const { path } = request
    if (path.startsWith('/v2/') || path === '/v2') return parts.distribution(request)
    if (path === '/') {
      const isVisit = request.method === 'GET' || request.method === 'HEAD'
      return isVisit ? Promise.resolve(about) : parts.api(request)
    }
    if (path.startsWith('/layers/')) return parts.layerUrls(request)
    switch (path) {
      case '/healthz':
        return parts.healthz(request)
      case '/readyz':
        return parts.readyz(request)
      case '/metrics':
        return parts.metrics(request)
      default:
        return parts.api(request)
    }
  }
}

export interface PublicFrontDoorOptions {
  readonly distribution: HttpHandler
  readonly token: HttpHandler
  readonly logos: HttpHandler
  readonly gallery: HttpHandler
  readonly healthz: HttpHandler
  readonly readyz: HttpHandler
}

/** The same for the listener of the public registries. The APIs that need a signature are not behind it. */
export function createPublicFrontDoor(parts: PublicFrontDoorOptions): HttpHandler {
  return (request) => {
    const { path } = request
    if (path.startsWith('/v2/') || path === '/v2') return parts.distribution(request)
    if (path.startsWith('/logo/')) return parts.logos(request)
    if (isGalleryPath(path)) return parts.gallery(request)
    switch (path) {
      // Clients use it with and without the slash.
      case '/token/':
      case '/token':
        return parts.token(request)
      case '/healthz':
        return parts.healthz(request)
      case '/readyz':
        return parts.readyz(request)
      case '/':
        return Promise.resolve(aboutPublic)
      default:
        return Promise.resolve(nothingHere)
    }
  }
}

const text = { 'content-type': 'text/plain; charset=utf-8' }

/** For whoever opens the address in a browser. */
const about: HttpResponse = {
  status: 200,
  headers: text,
  body: `Stowage: a container registry that is Amazon ECR to its clients.

  /          the ECR API and STS, for AWS clients (POST)
  /v2/       the registry, for docker, skopeo, oras and other OCI clients
  /healthz   whether the server is alive, and what it lacks
  /readyz    whether it can serve
  /metrics   figures for Prometheus

"stowage env" prints what AWS clients need; "stowage login" logs docker in.
`,
  log: { operation: 'About' },
}

const aboutPublic: HttpResponse = {
  status: 200,
  headers: text,
  body: `Stowage: public registries. Everyone may pull:

  docker pull <this host>/<alias>/<repository>
`,
  log: { operation: 'About' },
}

const nothingHere: HttpResponse = { status: 404, headers: text, body: 'Not found\n' }
