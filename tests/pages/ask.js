/* Try to ask an address, and to run what the page does not come with; return what the policy says it refused. */
(address) =>
  new Promise((done) => {
    const refused = [];
    addEventListener("securitypolicyviolation", (one) => {
      refused.push(one.effectiveDirective);
      if (refused.length === 4) done(refused.sort());
    });
    setTimeout(() => done(refused.sort()), 20_000); // less than all
    const add = (kind, properties) => document.body.append(Object.assign(document.createElement(kind), properties));
    fetch(address).catch(() => {});
    add("img", { src: address });
    add("script", { textContent: "alert(1)" });
    add("style", { textContent: "body { color: red }" });
  })
