// `method.callAnon/<name>`: methods that need no log-in.

import { openRoute } from '../route.ts'
import { calledByRest, callShape } from './method.call.ts'

export const methodCallAnon = openRoute({
  verb: 'POST',
  paths: ['/v1/method.callAnon/:name'],
  input: callShape,
  open: true,
  run: ({ gate, bytes, address }, { message }) => calledByRest(gate, null, message, { bytes, address }),
})
