# Satterthwaite degrees of freedom of lmerTest: Rscript lmertest.R FOLDER > lmertest.json
# FOLDER holds the files that `python cases.py FOLDER` writes.
suppressMessages(library(lmerTest))
folder <- commandArgs(TRUE)[1]
number <- function(x) paste0("[", paste(sprintf("%.10g", x), collapse = ", "), "]")
control <- lme4::lmerControl(optimizer = "bobyqa",
                             optCtrl = list(rhobeg = 0.2, rhoend = 1e-10, maxfun = 1e5))
models <- list(
  c("sites", "y ~ t + x + (1 | site/id)", "TRUE"),
  c("sites", "y ~ t + x + (1 + t | site/id)", "TRUE"),
  c("sites", "y ~ t + x + (1 + t | person) + (1 | site)", "FALSE"))
out <- sapply(models, function(m) {
  data <- read.csv(file.path(folder, paste0(m[1], ".csv")))
  fit <- lmer(as.formula(m[2]), data, REML = m[3] == "TRUE", control = control)
  table <- coef(summary(fit))
  paste0('{"data": "', m[1], '", "formula": "', m[2], '", "reml": ', tolower(m[3]),
         ', "df": ', number(table[, "df"]), ', "p": ', number(table[, "Pr(>|t|)"]), '}')
})
cat('{"program": "lmerTest ', as.character(packageVersion("lmerTest")), ', R ',
    as.character(getRversion()), '",\n "fits": [\n', paste(out, collapse = ",\n"), "\n]}\n", sep = "")
