// What a REST route is: path, who may call it, the shape of its input (body, or query of a GET) and what it does.
// Answers are objects, to which `success: true` is added, or an envelope of the route's own.
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { MeteorError } from './errors.ts'
import type { Caller, Gate } from './gate.ts'
import type { Permission } from './settings/permission-table.ts'
import type { SecondFactor } from './users/second-factor.ts'

export type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE'

export class Envelope {
  readonly status: number
  /** What JSON holds. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** A positive answer that is JSON text already, `success` included: of what is asked for all the time. */
export class Json {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a route refuses in words of its own, without a code. */
export function failure(error: string): Envelope {
  return new Envelope(400, { success: false, error })
}
/** What a route refuses by its own look at the room or the rights there: a room that is none, and one that is none of the
 * caller's, alike. */
export const unauthorized = new Envelope(403, { success: false, error: 'unauthorized' })

/** What is refused before a route looks at anything, for want of a permission. */
export const forbidden = new Envelope(403, {
  success: false,
  error: 'User does not have the permissions required for this action [error-unauthorized]',
})

export interface RestCall {
  readonly gate: Gate
  readonly caller: Caller
  readonly bytes: number
  readonly address: string
  /** A part of the path. */
  param(name: string): string
  /** The first of that name, in lower case. */
  header(name: string): string | undefined
}

/** What somebody must be allowed everywhere to call a route; what depends on a room the route asks itself. */
export type Required = Permission | { readonly any: readonly Permission[] } | { readonly all: readonly Permission[] }

export interface RouteSpec<Input extends z.ZodType> {
  readonly verb: Verb
  /** After `/api`. */
  readonly paths: readonly string[]
  readonly input: Input
  readonly permission?: Required
  readonly twoFactor?: SecondFactor
  run(call: RestCall, input: z.output<Input>): Promise<object | MeteorError>
}

/** Routes that need no log-in get no caller. */
export interface OpenRouteSpec<Input extends z.ZodType> {
  readonly verb: Verb
  readonly paths: readonly string[]
  readonly input: Input
  readonly open: true
  run(call: Omit<RestCall, 'caller'>, input: z.output<Input>): Promise<object | MeteorError>
}

/** A POST whose body the route reads itself, as it arrives. */
export interface UploadRouteSpec {
  readonly verb: 'POST'
  readonly paths: readonly string[]
  readonly upload: true
  run(call: RestCall, request: IncomingMessage): Promise<object | MeteorError>
}

export type Route = RouteSpec<z.ZodType> | OpenRouteSpec<z.ZodType> | UploadRouteSpec

/** Keeps the types of the input inside of the route. */
export function route<Input extends z.ZodType>(spec: RouteSpec<Input>): Route {
  return spec as unknown as Route
}

export function openRoute<Input extends z.ZodType>(spec: OpenRouteSpec<Input>): Route {
  return spec as unknown as Route
}

export function uploadRoute(spec: Omit<UploadRouteSpec, 'upload' | 'verb'>): UploadRouteSpec {
  return { ...spec, verb: 'POST', upload: true }
}

export function isUpload(spec: Route): spec is UploadRouteSpec {
  return 'upload' in spec
}
