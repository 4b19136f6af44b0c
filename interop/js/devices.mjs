// A device (RFC 8628) as a few lines of its own: begins, and asks once.

import { mysweetcli } from './valetkey.mjs'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

async function post(url, form) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  return response.json()
}

/** What the server gives a device to begin with. */
export function beginDevice(server, scope = 'openid photos.read offline_access') {
  return post(`${server.issuer}/device_authorization`, { client_id: mysweetcli.id, scope, resource: server.photos })
}

/** Tokens, or an error. */
export function pollDevice(server, { device_code }) {
  return post(`${server.issuer}/token`, { client_id: mysweetcli.id, grant_type: DEVICE_CODE, device_code })
}
