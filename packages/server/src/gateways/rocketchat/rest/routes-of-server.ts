// Routes about the server: what it is, its settings and permissions, methods over REST.
import type { Route } from '../route.ts'
import { info } from './info.ts'
import { methodCall } from './method.call.ts'

export const SERVER: readonly Route[] = [info, methodCall]
