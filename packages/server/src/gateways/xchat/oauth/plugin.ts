// OAuth 2.0 for clients that take base addresses (x-chat.md 1): the page for users, the routes for apps. Forms, not JSON:
// it stands beside the wire's other routes, with its own body parser and its own errors.

import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { drained } from '../../drain.ts'
import type { GatewayParts } from '../../gateway.ts'
import { AuthorizePage, refuse } from './authorize.ts'
import { Grants } from './grants.ts'
import { FORM_BYTES, SWEEP } from './limits.ts'
import { Fault, fail, invalid, TokenRoutes } from './token.ts'

const FORM = /^application\/x-www-form-urlencoded(?:;|$)/i

export function oauth(parts: GatewayParts) {
  const grants = new Grants(parts)
  const page = new AuthorizePage(parts, grants)
  const tokens = new TokenRoutes(parts, grants)
  return async (scope: FastifyInstance): Promise<void> => {
    const sweeping = setInterval(() => {
      grants
        .sweep()
        .catch((error: unknown) => parts.log.warn({ err: error }, 'log-ins of apps that are over were kept'))
    }, SWEEP)
    sweeping.unref()
    scope.addHook('onClose', async () => clearInterval(sweeping))
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: FORM_BYTES }, (_, body, done) => done(null, body))
    await scope.register(async pages => {
      pages.setErrorHandler(async (error: FastifyError, request, reply) => {
        await drained(error, request.raw)
        return answerPage(parts, error, reply)
      })
      // X's documents name the second one.
      for (const url of ['/i/oauth2/authorize', '/2/oauth2/authorize']) {
        pages.route({
          method: 'GET',
          url,
          exposeHeadRoute: false,
          handler: (request, reply) => page.show(request, reply),
        })
        pages.post(url, (request, reply) => page.decide(request, reply))
      }
    })
    await scope.register(async routes => {
      routes.setErrorHandler(async (error: FastifyError, request, reply) => {
        await drained(error, request.raw)
        return fail(reply, faultOf(parts, error))
      })
      routes.post('/2/oauth2/token', (request, reply) => tokens.token(request, reply, false))
      routes.post('/oauth2/token', (request, reply) => tokens.token(request, reply, true))
      routes.post('/2/oauth2/revoke', (request, reply) => tokens.revoke(request, reply))
    })
  }
}

function faultOf(parts: GatewayParts, error: FastifyError): Fault {
  const status = statusOf(parts, error)
  if (status === 413) return new Fault(413, 'invalid_request', 'the form is too large')
  if (status === 415) return invalid('Content-Type: must be application/x-www-form-urlencoded')
  if (status === 503) return new Fault(503, 'temporarily_unavailable', 'try again', { 'retry-after': '1' })
  return status < 500 ? invalid('the request cannot be read') : new Fault(500, 'server_error', 'Internal Error')
}

function answerPage(parts: GatewayParts, error: FastifyError, reply: FastifyReply): FastifyReply {
  const status = statusOf(parts, error)
  if (status === 503) return refuse(reply.header('retry-after', '1'), 503, 'The server cannot write just now.')
  return refuse(reply, status, status < 500 ? 'The request cannot be read.' : 'Something went wrong in the server.')
}

/** Bugs are logged where they happened, without their message: that may quote what a client sent. */
function statusOf({ log }: GatewayParts, error: FastifyError): number {
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return status
  if (error.name === 'StoreFailure') return 503
  const where = error.stack?.split('\n').filter(line => line.trimStart().startsWith('at '))
  log.error({ bug: error.name, where }, 'bug in the log-in of apps')
  return 500
}
