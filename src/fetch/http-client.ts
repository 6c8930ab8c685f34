/**
 * What is used of undici. Imported when something is downloaded: it takes longer to load than a resolution takes. A module
 * of our own, because names of a CommonJS library are known to static imports only.
 */
export { Agent, type Dispatcher, EnvHttpProxyAgent, errors, interceptors, ProxyAgent, request } from "undici";
