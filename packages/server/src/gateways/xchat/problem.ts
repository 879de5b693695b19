// problem+json (RFC 7807) as X writes it (x-chat.md 1.3): the one shape in which this wire refuses anything.
import { z } from 'zod'

const TYPES = 'https://api.x.com/2/problems/'

export type ProblemType =
  | 'about:blank'
  | 'client-forbidden'
  | 'conflict'
  | 'conversation-closed'
  | 'internal-error'
  | 'invalid-request'
  | 'not-authorized-for-resource'
  | 'rate-limit-exceeded'
  | 'resource-not-found'
  | 'resource-unavailable'
  | 'unsupported-authentication'
  | 'usage-capped'

export const problemShape = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().optional(),
  detail: z.string(),
  parameter: z.string().optional(),
  value: z.string().optional(),
  resource_type: z.string().optional(),
  resource_id: z.string().optional(),
  errors: z.array(z.object({ message: z.string() })).optional(),
  /** Ours: the name of the failure in X's own enumeration (x-chat.md 1.3). */
  code: z.string().optional(),
  /** Ours: the conversation key version that counts now, with every conflict and every stale version. */
  current_key_version: z.string().optional(),
})

export type Problem = z.infer<typeof problemShape> & { readonly status: number }

/** What a route gives instead of an answer. */
export class Refusal {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  constructor(problem: Problem, headers: Readonly<Record<string, string>> = {}) {
    this.problem = problem
    this.headers = headers
  }
}

export type Members = Readonly<Record<string, unknown>>

export function problem(
  type: ProblemType,
  title: string,
  status: number,
  detail: string,
  members: Members = {},
): Problem {
  return {
    type: type === 'about:blank' ? type : TYPES + type,
    title,
    status,
    detail: named(detail, members),
    ...members,
  }
}

/** The sentence with the failure's name in it: most clients show their user the sentence and nothing else. */
function named(detail: string, { code }: Members): string {
  return typeof code === 'string' && !detail.includes(code) ? `${detail} (${code})` : detail
}

/** 400. `parameter` is the field of the body, the query or the path that is wrong; the detail names it too. */
export function invalidRequest(parameter: string, detail: string, members: Members = {}): Problem {
  const errors = [{ message: named(detail, members) }]
  return problem('invalid-request', 'Invalid Request', 400, detail, { parameter, errors, ...members })
}

/** 400 with the field in front of the sentence. */
export function invalidField(field: string, text: string, members: Members = {}): Problem {
  return invalidRequest(field, `${field}: ${text}`, members)
}

export function notFound(resource: string, parameter: string, value: string): Problem {
  const detail = `${resource} ${value} not found: it does not exist`
  const members = { resource_type: resource, resource_id: value, parameter, value }
  return problem('resource-not-found', 'Not Found Error', 404, detail, members)
}

export function notAuthorized(resource: string, id: string | null, detail: string, members: Members = {}): Problem {
  const about = { resource_type: resource, ...(id === null ? {} : { resource_id: id }) }
  return problem('not-authorized-for-resource', 'Authorization Error', 403, detail, { ...about, ...members })
}

/** 409: the same request may be right after a look at how things stand. */
export function conflict(detail: string, members: Members = {}): Problem {
  return problem('conflict', 'Conflict', 409, detail, members)
}

/** 415: a body that is none of those which the route reads. */
export function unsupported(detail: string): Problem {
  return problem('about:blank', 'Unsupported Media Type', 415, detail)
}

export function unavailable(detail: string): Problem {
  return problem('about:blank', 'Service Unavailable', 503, detail)
}

/** Exactly as X answers it. */
export const UNAUTHORIZED: Problem = {
  title: 'Unauthorized',
  type: 'about:blank',
  status: 401,
  detail: 'Unauthorized',
}
