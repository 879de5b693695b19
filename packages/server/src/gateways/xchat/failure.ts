// What goes wrong without a route's saying so: what Fastify refuses before a route runs, what the store cannot do now, and bugs.
import type { FastifyError } from 'fastify'
import type { GatewayParts } from '../gateway.ts'
import { invalidRequest, problem, Refusal, unavailable, unsupported } from './problem.ts'

export function refusalOf(error: Partial<FastifyError>, { log }: GatewayParts): Refusal {
  const status = error.statusCode ?? 500
  if (status === 413) return new Refusal(problem('about:blank', 'Payload Too Large', 413, 'the body is too large'))
  if (status === 415) {
    return new Refusal(unsupported('Content-Type: must be application/json'))
  }
  if (status >= 400 && status < 500) return new Refusal(invalidRequest('body', 'the request cannot be read'))
  if (error.name === 'StoreFailure') {
    return new Refusal(unavailable('the server cannot write at the moment, try again'))
  }
  // Where it happened, without the message: that may quote what a client sent.
  const where = error.stack?.split('\n').filter(line => line.trimStart().startsWith('at '))
  log.error({ bug: error.name, where }, 'bug in a route of the X wire')
  return new Refusal(problem('internal-error', 'Internal Error', 500, 'Internal Error'))
}
