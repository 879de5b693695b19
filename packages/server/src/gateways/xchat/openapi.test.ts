// The document is read as strictly as OpenAPI 3.1 allows: no member that the standard does not know, no reference that
// leads nowhere, no schema that JSON Schema cannot read.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ROUTES } from './index.ts'
import { openapi } from './openapi.ts'
import type { XchatServer } from './testing.ts'
import { startXchat } from './testing.ts'

/** Whether zod can make a check of it again: whatever it does not know, it throws at. */
const jsonSchema = z.record(z.string(), z.unknown()).refine(schema => {
  try {
    z.fromJSONSchema(schema as never)
    return true
  } catch {
    return '$ref' in schema
  }
}, 'is no JSON schema')

const reference = z.strictObject({ $ref: z.string().regex(/^#\/components\/[a-zA-Z]+\/[a-zA-Z0-9]+$/) })
const media = z.strictObject({ schema: z.union([reference, jsonSchema]).optional() })
const content = z.record(z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/), media)
const header = z.strictObject({ description: z.string(), schema: jsonSchema })
const response = z.strictObject({
  description: z.string().min(1),
  headers: z.record(z.string(), header).optional(),
  content: content.optional(),
})
const parameter = z.strictObject({
  name: z.string().min(1),
  in: z.enum(['path', 'query']),
  required: z.boolean(),
  schema: jsonSchema,
})
const security = z.array(z.record(z.string(), z.array(z.string())))
const operation = z.strictObject({
  operationId: z.string().min(1),
  tags: z.array(z.string().min(1)),
  security,
  parameters: z.array(parameter).optional(),
  requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string().regex(/^[1-5][0-9]{2}$/), z.union([reference, response])),
})
const url = z.url()
const flow = z.strictObject({
  authorizationUrl: url,
  tokenUrl: url,
  refreshUrl: url,
  scopes: z.record(z.string(), z.string().min(1)),
})
const scheme = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('oauth2'),
    description: z.string(),
    flows: z.strictObject({ authorizationCode: flow }),
  }),
  z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer'), description: z.string() }),
])
const method = z.enum(['get', 'post', 'put', 'delete'])
const document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.strictObject({ url })),
  paths: z.record(z.string().regex(/^\/2(?:\/[a-z_.-]+|\/\{[a-z_]+\})+$/i), z.partialRecord(method, operation)),
  components: z.strictObject({
    schemas: z.record(z.string(), jsonSchema),
    responses: z.record(z.string(), response),
    securitySchemes: z.record(z.string(), scheme),
  }),
})
type Document = z.infer<typeof document>

let server: XchatServer
let page: Document

beforeAll(async () => {
  server = await startXchat()
  const response = await fetch(`${server.url}/2/openapi.json`)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
  page = document.parse(await response.json())
})
afterAll(() => server.close())

function operationsOf({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
  )
}

describe('the document', () => {
  test('says where clients reach the server', () => {
    expect(page.servers).toEqual([{ url: 'http://chat.test' }])
    const [scheme] = Object.values(page.components.securitySchemes)
    expect(scheme).toMatchObject({ flows: { authorizationCode: { tokenUrl: 'http://chat.test/2/oauth2/token' } } })
  })

  test('has every route, and nothing that is no route', () => {
    const routes = ROUTES.map(({ method, path, operation }) => [
      method.toLowerCase(),
      `/2${path.replace(/:(\w+)/g, '{$1}')}`,
      operation,
    ])
    const shown = operationsOf(page).map(({ method, path, operationId }) => [method, path, operationId])
    expect(new Set(shown.map(String))).toEqual(
      new Set([...routes, ['get', '/2/openapi.json', 'getOpenApiSpec']].map(String)),
    )
    expect(new Set(shown.map(([, , id]) => id)).size).toBe(shown.length)
  })

  test.each(ROUTES.map(route => [route.operation, route] as const))('says who may call %s, and how', (name, route) => {
    const operation = operationsOf(page).find(({ operationId }) => operationId === name)!
    const user = { OAuth2UserToken: [...route.scopes] }
    const app = { BearerToken: [] }
    expect(operation.security).toEqual({ user: [user], app: [app], either: [user, app] }[route.who])
    const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, found]) => found)
    const declared = (operation.parameters ?? []).filter(one => one.in === 'path').map(one => one.name)
    expect(declared).toEqual(inPath)
    const names = (operation.parameters ?? []).map(one => `${one.in} ${one.name}`)
    expect(new Set(names).size).toBe(names.length)
    expect(Object.keys(operation.responses)).toContain(String(route.status ?? 200))
    for (const status of ['400', '401', '403', '404', '429', '503']) expect(operation.responses).toHaveProperty(status)
    if (route.method === 'GET') expect(operation.requestBody).toBeUndefined()
  })

  test('leads nowhere that is not there', () => {
    const references = [...JSON.stringify(page).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path as string)
    expect(references.length).toBeGreaterThan(0)
    for (const path of new Set(references)) {
      let at: unknown = page
      for (const name of path.split('/')) at = (at as Record<string, unknown>)[name]
      expect([path, typeof at]).toEqual([path, 'object'])
    }
    const schemes = Object.entries(page.components.securitySchemes)
    const scopes = schemes.flatMap(([, scheme]) =>
      scheme.type === 'oauth2' ? Object.keys(scheme.flows.authorizationCode.scopes) : [],
    )
    for (const { security } of operationsOf(page)) {
      for (const [name, asked] of security.flatMap(one => Object.entries(one))) {
        expect(schemes.map(([known]) => known)).toContain(name)
        for (const scope of asked) expect(scopes).toContain(scope)
      }
    }
  })

  test('describes what is really answered', async () => {
    await server.user('1001')
    const answered = async (path: string, status: number) => {
      const response = await fetch(server.url + path, { headers: { authorization: 'Bearer token-1001' } })
      expect(response.status).toBe(status)
      return response.json()
    }
    const { content } = operationsOf(page).find(({ operationId }) => operationId === 'getUsersMe')!.responses[
      '200'
    ] as {
      content: Record<string, { schema: object }>
    }
    const me = z.fromJSONSchema(content['application/json']!.schema as never)
    expect(me.safeParse(await answered('/2/users/me', 200)).success).toBe(true)
    expect(me.safeParse({ data: { id: 1 } }).success).toBe(false)
    const problem = z.fromJSONSchema(page.components.schemas.Problem as never)
    expect(problem.safeParse(await answered('/2/users/me?user.fields=nothing', 400)).success).toBe(true)
    expect(problem.safeParse({ title: 'no type' }).success).toBe(false)
  })

  test('is the check that it claims to be', () => {
    const broken = [
      { ...page, swagger: '2.0' },
      { ...page, paths: { '/2/x': { get: { summary: 'no responses' } } } },
      { ...page, paths: { '/2/:id': {} } },
    ]
    for (const each of broken) expect(document.safeParse(each).success).toBe(false)
    expect(() => document.parse(openapi(ROUTES, 'no address'))).toThrow()
  })
})
