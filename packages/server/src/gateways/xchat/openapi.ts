// GET /2/openapi.json: what this wire serves, made of the routes' own shapes, so that it cannot say anything else.
import { z } from 'zod'
import { OFFLINE, USER_SCOPES } from '../../identity/scopes.ts'
import { MEANING } from './oauth/page.ts'
import { problemShape } from './problem.ts'
import type { Route } from './route.ts'

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'What is wrong in shape or content; `parameter` names the field',
  401: 'No token, or none that is good',
  403: 'Not with this token, or not for this user',
  404: 'Unknown',
  409: 'Overtaken by another change, or a new key is needed first',
  413: 'The body is too large',
  415: 'The body is of another type',
  429: 'Too many requests; the headers say when to come again',
  503: 'Busy; nothing was written',
}
/** What a request without a body cannot hear. */
const OF_BODIES = new Set(['409', '413', '415'])

const LIMITS = Object.fromEntries(
  ['limit', 'remaining', 'reset'].map(name => [
    `x-rate-limit-${name}`,
    { description: 'Sent where limits are on', schema: { type: 'integer' } },
  ]),
)

/** @param at where clients reach the server, without a slash at the end */
export function openapi(routes: readonly Route[], at: string): object {
  const paths: Record<string, Record<string, object>> = { '/2/openapi.json': { get: ITSELF } }
  for (const route of routes) {
    const path = `/2${route.path.replace(/:(\w+)/g, '{$1}')}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Conclave: the X Chat wire',
      version: '2',
      description: 'The chat part of X’s API, and what it lacks. Operations that X has carry X’s names.',
    },
    servers: [{ url: at }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemShape, 'output') },
      responses: Object.fromEntries(
        Object.entries(PROBLEMS).map(([status, text]) => [`Problem${status}`, problem(text)]),
      ),
      securitySchemes: schemes(at),
    },
  }
}

const ITSELF = {
  operationId: 'getOpenApiSpec',
  tags: ['openapi.json'],
  security: [],
  responses: {
    200: { description: 'This document', content: { 'application/json': { schema: { type: 'object' } } } },
  },
}

function operation(route: Route): object {
  const body = bodyOf(route)
  const statuses = Object.keys(PROBLEMS).filter(status => route.method !== 'GET' || !OF_BODIES.has(status))
  return {
    operationId: route.operation,
    tags: [route.path.split('/')[1] ?? ''],
    security: securityOf(route),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body ? { requestBody: body } : {}),
    responses: {
      [route.status ?? 200]: { description: 'Done', headers: LIMITS, content: answerOf(route) },
      ...Object.fromEntries(statuses.map(status => [status, { $ref: `#/components/responses/Problem${status}` }])),
    },
  }
}

function pathParameters({ path }: Route): object[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name)
  return names.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
}

function queryParameters({ query }: Route): object[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input')
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

function bodyOf({ method, body, form }: Route): object | null {
  const schema = schemaOf(body, 'input')
  if (method === 'GET' || Object.keys(schema.properties ?? {}).length === 0) return null
  const types = ['application/json', ...(form ? ['multipart/form-data'] : [])]
  const required = (schema.required ?? []).length > 0
  return { required, content: Object.fromEntries(types.map(type => [type, { schema }])) }
}

function answerOf({ answer }: Route): object {
  // Bytes have a type, here without its parameters, and no schema.
  return typeof answer === 'string'
    ? { [answer.replace(/;.*/, '')]: {} }
    : { 'application/json': { schema: schemaOf(answer, 'output') } }
}

function securityOf({ who, scopes }: Route): object[] {
  const user = { OAuth2UserToken: [...scopes] }
  const app = { BearerToken: [] }
  return who === 'user' ? [user] : who === 'app' ? [app] : [user, app]
}

function problem(description: string): object {
  const schema = { $ref: '#/components/schemas/Problem' }
  return { description, headers: LIMITS, content: { 'application/problem+json': { schema } } }
}

function schemes(at: string): object {
  const flow = { tokenUrl: `${at}/2/oauth2/token`, refreshUrl: `${at}/2/oauth2/token` }
  const scopes = Object.fromEntries(([...USER_SCOPES, OFFLINE] as const).map(scope => [scope, MEANING[scope]]))
  return {
    OAuth2UserToken: {
      type: 'oauth2',
      description: 'A token that a user gave to an app, with PKCE (S256); a token of the user’s own is good too',
      flows: { authorizationCode: { authorizationUrl: `${at}/i/oauth2/authorize`, ...flow, scopes } },
    },
    BearerToken: { type: 'http', scheme: 'bearer', description: 'A token of an app itself' },
  }
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

function schemaOf(shape: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' })
  return schema as JsonSchema
}
