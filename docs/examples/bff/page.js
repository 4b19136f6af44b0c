// The page knows no token: it calls its own backend, with the cookie that the browser adds and a header of its own.

const at = (id) => document.getElementById(id)

async function call(path, init = {}) {
  const response = await fetch(path, { ...init, headers: { 'x-app': '1', ...init.headers } })
  if (response.status === 401) show(false)
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response.status === 204 ? undefined : response.json()
}

function show(signedIn) {
  at('in').hidden = !signedIn
  at('out').hidden = signedIn
}

async function list() {
  const photos = await call('/api/photos')
  at('photos').replaceChildren(...photos.map(({ title }) => Object.assign(document.createElement('li'), { textContent: title })))
}

const tell = (error) => (at('said').textContent = error.message)

at('add').addEventListener('click', async () => {
  try {
    await call('/api/photos', { method: 'POST', body: JSON.stringify({ title: at('title').value }) })
    await list()
  } catch (error) {
    tell(error)
  }
})
at('logout').addEventListener('click', async () => {
  await call('/logout', { method: 'POST' }).catch(tell)
  show(false)
})

const problem = new URLSearchParams(location.search).get('problem')
if (problem) at('said').textContent = `The sign-in ended with: ${problem}`
const session = await call('/api/session').catch(() => undefined)
if (session) {
  at('name').textContent = session.name
  show(true)
  await list().catch(tell)
}
