# Reference values of lmerTest, lme4 and clubSandwich: Rscript reference.R FOLDER > values.json
# FOLDER holds the files that `python ../mixed_model/cases.py FOLDER` writes.
# The optimiser's tolerances are tightened, so that estimates are exact to about 1e-8.
suppressMessages({library(lme4); library(lmerTest); library(clubSandwich); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5),
  calc.derivs = FALSE, check.conv.singular = "ignore", check.scaleX = "ignore",
  check.nobs.vs.nRE = "ignore")
read <- function(name) {
  data <- read.csv(file.path(folder, paste0(name, ".csv")))
  data$arm <- factor(c("a", "b", "c")[data$id %% 3 + 1])
  data$half <- factor(c("u", "v")[data$id %% 2 + 1])
  data
}
python <- function(f) gsub("\\b(arm|half)\\b", "C(\\1)", gsub("\\^", "**", f))
fit <- function(name, formula, reml = TRUE)
  lmerTest::lmer(as.formula(formula), read(name), REML = reml, control = control)

one <- function(name, formula) {
  m <- fit(name, formula)
  table <- coef(summary(m))
  p <- nrow(table)
  contrast <- seq_len(p) / p * (-1)^seq_len(p)
  single <- contest1D(m, contrast)
  rows <- diag(p)[-1, , drop = FALSE]
  joint <- contestMD(m, rows)
  terms <- anova(m, type = 3)
  robust <- lapply(c(CR0 = "CR0", CR1 = "CR1", CR2 = "CR2"), function(kind)
    as.vector(unclass(vcovCR(m, type = kind, cluster = m@frame$id))))
  bell <- coef_test(m, vcov = vcovCR(m, type = "CR2", cluster = m@frame$id), test = "Satterthwaite")
  post <- attr(ranef(m, condVar = TRUE)$id, "postVar")
  full <- !is.list(post)
  if (full) post <- list(post)
  post <- lapply(post, function(a) as.vector(a[, , 1:3]))
  list(
    data = name, formula = python(formula), singular = isSingular(m),
    se = table[, "Std. Error"], df = table[, "df"], t = table[, "t value"],
    p = table[, "Pr(>|t|)"], contrast = contrast,
    contrast_test = c(single[["Estimate"]], single[["Std. Error"]], single[["df"]],
                      single[["t value"]], single[["Pr(>|t|)"]]),
    joint_test = c(joint[["NumDF"]], joint[["DenDF"]], joint[["F value"]], joint[["Pr(>F)"]]),
    terms = rownames(terms), terms_numdf = terms[["NumDF"]], terms_dendf = terms[["DenDF"]],
    terms_f = terms[["F value"]], terms_p = terms[["Pr(>F)"]],
    robust = robust, bell_df = if (is.null(bell$df_Satt)) bell$df else bell$df_Satt,
    post_blocks = unname(post))
}
profiles <- function(name, formula) {
  m <- fit(name, formula)
  p <- suppressMessages(suppressWarnings(
    profile(refitML(m), signames = FALSE, devtol = 1e-6, delta.cutoff = 1/16)))
  limits <- suppressWarnings(confint(p))
  list(data = name, formula = python(formula), names = rownames(limits),
       low = limits[, 1], high = limits[, 2])
}
ratios <- function(name, smaller, larger) {
  a <- anova(fit(name, smaller, FALSE), fit(name, larger, FALSE), refit = FALSE)
  list(data = name, smaller = python(smaller), larger = python(larger),
       npar = a$npar, aic = a$AIC, bic = a$BIC, loglik = a$logLik, deviance = a$deviance,
       chisq = a$Chisq[2], df = a$Df[2], p = a[["Pr(>Chisq)"]][2])
}
weighted <- function(name, formula) {
  data <- read(name)
  data$w <- 0.5 + seq_len(nrow(data)) %% 4
  m <- lmerTest::lmer(as.formula(formula), data, weights = w, control = control)
  list(data = name, formula = python(formula), df = coef(summary(m))[, "df"],
       post = as.vector(attr(ranef(m, condVar = TRUE)$id, "postVar")[, , 1:3]))
}
# lme4 1.1-31's profile of fixed effects loses the weights: the rows are multiplied instead.
multiplied <- function(name) {
  data <- read(name)
  root <- sqrt(0.5 + seq_len(nrow(data)) %% 4)
  data <- data.frame(id = data$id, y = data$y * root, one = root, t = data$t * root,
                     x = data$x * root)
  m <- lme4::lmer(y ~ 0 + one + t + x + (0 + one + t | id), data, REML = FALSE, control = control)
  p <- suppressMessages(suppressWarnings(
    profile(m, signames = FALSE, devtol = 1e-6, delta.cutoff = 1/16)))
  limits <- suppressWarnings(confint(p))
  list(names = gsub("one", "(Intercept)", rownames(limits)),
       low = limits[, 1], high = limits[, 2])
}
out <- list(
  program = paste0("lmerTest ", packageVersion("lmerTest"), ", lme4 ", packageVersion("lme4"),
                   ", clubSandwich ", packageVersion("clubSandwich"), ", R ", getRversion()),
  fits = list(
    one("unbalanced", "y ~ t + x + (1 + t | id)"),
    one("unbalanced", "y ~ t + x + arm + (1 + t || id)"),
    one("unbalanced", "y ~ t + I(t^2) + arm + (1 | id)"),
    one("unbalanced", "y ~ t * arm + x + (1 + t | id)"),
    one("unbalanced", "y ~ t * arm + half * arm + (1 | id)"),
    one("singular", "y ~ t + x + (1 + t | id)"),
    one("no_slope", "y ~ t + x + (1 + t | id)"),
    one("zero", "y ~ t + (1 | id)")),
  weighted = c(weighted("unbalanced", "y ~ t + x + (1 + t | id)"), multiplied("unbalanced")),
  profiles = list(
    profiles("unbalanced", "y ~ t + x + (1 + t | id)"),
    profiles("unbalanced", "y ~ t + x + (1 | id)"),
    profiles("singular", "y ~ t + x + (1 | id)"),
    profiles("no_slope", "y ~ t + (1 + t || id)")),
  ratios = list(
    ratios("unbalanced", "y ~ t + (1 | id)", "y ~ t + x + (1 | id)"),
    ratios("unbalanced", "y ~ t + x + (1 | id)", "y ~ t + x + (1 + t | id)"),
    ratios("unbalanced", "y ~ t + x + (1 + t || id)", "y ~ t + x + (1 + t | id)")))
cat(toJSON(out, digits = 12, auto_unbox = TRUE, pretty = 1, null = "null", na = "null"), "\n")
