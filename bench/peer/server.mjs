// The peer of the speed table: npm's oidc-provider as its documentation sets it up, with its own adapter in memory, the
// clients that Valetkey has, and ES256 for what is signed. Its sign-in pages are replaced by one that always says yes.
import { readFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const REDIRECT_URI = 'https://app.example/callback';
const APIS = {
  'https://api.example': { scope: 'api.read', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
  'https://archive.example': { scope: 'archive.read', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
  'https://ledger.example': { scope: 'ledger.read', accessTokenFormat: 'opaque' },
};

const key = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  alg, use: 'sig', kid: alg,
});
const app = ({ id, secret }, alg) => ({
  client_id: id, client_secret: secret, redirect_uris: [REDIRECT_URI], response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'], id_token_signed_response_alg: alg,
});
const service = ({ id, secret }, grants) => ({
  client_id: id, client_secret: secret, redirect_uris: [], response_types: [], grant_types: grants,
});

const provider = new Provider(config.issuer, {
  clients: [
    service(config.service, ['client_credentials']),
    service(config.api, []),
    app(config.web, 'ES256'),
    app(config.web_rs256, 'RS256'),
  ],
  jwks: { keys: [key('ec', { namedCurve: 'P-256' }, 'ES256'), key('rsa', { modulusLength: 2048 }, 'RS256')] },
  cookies: { keys: ['a key for cookies that only this benchmark has'] },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  async findAccount(ctx, sub) {
    return {
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.com`, email_verified: false, name: 'Some Body', preferred_username: sub }),
    };
  },
  // A person who has signed in once has allowed the app everything it asks for.
  async loadExistingGrant(ctx) {
    const { client, session, provider: { Grant } } = ctx.oidc;
    const known = session.grantIdFor(client.clientId);
    if (known) return Grant.find(known);
    const grant = new Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile email offline_access');
    grant.addResourceScope('https://api.example', 'api.read');
    await grant.save();
    return grant;
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo(ctx, indicator) {
        const api = APIS[indicator];
        if (!api) throw new errors.InvalidTarget();
        return { ...api, audience: indicator, accessTokenTTL: 7200 };
      },
    },
  },
  ttl: { AccessToken: 7200, ClientCredentials: 7200, IdToken: 3600, RefreshToken: 14 * 86400, Grant: 86400, Session: 43200, Interaction: 600 },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const login = { accountId: 'anybody' };
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, { login }));
});
provider.on('server_error', (ctx, error) => console.error(error));

provider.listen(config.port, '127.0.0.1');
