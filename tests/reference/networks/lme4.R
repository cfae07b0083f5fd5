# Reference values of both steps by lme4: Rscript lme4.R FOLDER > lme4.json
# FOLDER holds the files that `python cases.py FOLDER` writes. Lags and means are made here, anew.
# The optimiser's tolerances are tightened; the best of several optimisers and starts is kept.
suppressMessages(library(lme4))
folder <- commandArgs(TRUE)[1]
number <- function(x) paste0("[", paste(sprintf("%.12g", x), collapse = ", "), "]")
control <- function(optimizer, opt) lmerControl(
  optimizer = optimizer, optCtrl = opt, calc.derivs = FALSE,
  check.conv.singular = "ignore", check.nobs.vs.nRE = "ignore", check.scaleX = "ignore")
controls <- list(
  control("bobyqa", list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5)),
  control("nloptwrap", list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-12, ftol_abs = 1e-13,
                            xtol_rel = 0, ftol_rel = 0, maxeval = 1e5)))
best_fit <- function(formula, data) {
  best <- NULL
  for (k in controls) for (start in c(1, 0.3)) {
    fit <- suppressWarnings(suppressMessages({
      first <- lmer(formula, data, REML = FALSE, control = k)
      lmer(formula, data, REML = FALSE, control = k, start = getME(first, "theta") * start)
    }))
    if (is.null(best) || logLik(fit) > logLik(best)) best <- fit
  }
  best
}
data <- read.csv(file.path(folder, "prompts.csv"))
data <- data[order(data$id, data$day, data$beep), ]
vars <- c("calm", "tired", "tense")
n <- nrow(data)
key <- paste(data$id, data$day, data$beep)
before <- match(paste(data$id, data$day, data$beep - 1), key)
last <- ave(data$beep, data$id, data$day, FUN = max)
for (v in vars) {
  data[[paste0("mean_", v)]] <- ave(data[[v]], data$id)
  lagged <- data[[v]][before]
  own <- tapply(data[[v]][data$beep < last], data$id[data$beep < last], mean)
  data[[paste0("lag_", v)]] <- lagged - own[as.character(data$id)]
}
used <- data[!is.na(before), ]
lags <- paste0("lag_", vars)
describe <- function(fit, terms) paste0(
  '{"terms": ["', paste(names(fixef(fit)), collapse = '", "'), '"], "fixed": ', number(fixef(fit)),
  ', "se": ', number(sqrt(diag(as.matrix(vcov(fit))))),
  ', "sd": ', number(as.data.frame(VarCorr(fit))[seq_along(terms), "sdcor"]),
  ', "sigma": ', sprintf("%.12g", sigma(fit)),
  ', "loglik": ', sprintf("%.12g", as.numeric(logLik(fit))), '}')
out <- character(0)
for (bar in c("||", "|")) {
  first <- lapply(vars, function(v) best_fit(as.formula(paste(
    v, "~", paste(c(lags, paste0("mean_", setdiff(vars, v))), collapse = " + "),
    "+ (1 +", paste(lags, collapse = " + "), bar, "id)")), used))
  left <- as.data.frame(lapply(first, residuals))
  names(left) <- vars
  left$id <- used$id
  second <- lapply(vars, function(v) {
    others <- paste(setdiff(vars, v), collapse = " + ")
    best_fit(as.formula(paste(v, "~ 0 +", others, "+ (0 +", others, bar, "id)")), left)
  })
  out <- c(out, paste0(
    '{"random_effects": "', if (bar == "|") "correlated" else "orthogonal", '", "n": ', nrow(used),
    ',\n "first": [', paste(sapply(first, describe, c("1", lags)), collapse = ",\n"),
    '],\n "second": [', paste(sapply(second, describe, c("1", "2")), collapse = ",\n"), ']}'))
}
cat('{"program": "lme4 ', as.character(packageVersion("lme4")), ', R ',
    as.character(getRversion()), '",\n "fits": [\n', paste(out, collapse = ",\n"), "\n]}\n", sep = "")
