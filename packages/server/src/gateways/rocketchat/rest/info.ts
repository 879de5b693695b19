// `info`: the version whose behaviour clients should expect (rocketchat.md section 0).
import { z } from 'zod'
import { openRoute } from '../route.ts'
import { VERSION } from '../version.ts'

export const info = openRoute({
  verb: 'GET',
  paths: ['/info', '/v1/info'],
  input: z.unknown(),
  open: true,
  run: async () => ({ version: VERSION, info: { version: VERSION } }),
})
