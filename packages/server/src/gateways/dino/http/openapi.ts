// The OpenAPI page, made of the routes' own shapes.
import { z } from 'zod'
import type { Route } from './route.ts'

export function openapi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = `/dino${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Conclave: the Dino HTTP API',
      version: '1',
      description:
        'For the site that embeds the chat. HTTP is 200 whatever came of a call; `status_code` says how it went.',
    },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    security: [{ bearer: [] }],
    paths,
  }
}

function operation({ method, path, summary, wrapped, body, answer }: Route): object {
  const data = schemaOf(answer, 'output')
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    requestBody: { content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    responses: {
      200: { description: 'How it went', content: { 'application/json': { schema: answerOf(data, wrapped) } } },
      401: {
        description: 'No token, or none that is good for this',
        content: { 'application/json': { schema: FAILED } },
      },
    },
  }
}

const FAILED = {
  type: 'object',
  properties: { status_code: { type: 'integer' }, data: { type: 'string' } },
  required: ['status_code', 'data'],
}

function answerOf(data: object, wrapped: boolean): object {
  const status = { status_code: { type: 'integer', const: 200 } }
  if (!wrapped)
    return { anyOf: [{ type: 'object', properties: { ...status, data }, required: ['status_code'] }, FAILED] }
  const inner = {
    type: 'object',
    properties: { status: { enum: ['OK', 'FAIL'] }, message: { type: 'string' }, data },
    required: ['status'],
  }
  return { type: 'object', properties: { ...status, data: inner }, required: ['status_code', 'data'] }
}

function schemaOf(shape: z.ZodType, io: 'input' | 'output'): object {
  const { $schema, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' })
  return schema
}
